import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Postgres, postgres } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aContext, take } from "../../../test/kit/taken.ts";
import { capture } from "./capture.ts";
import { config, target } from "./config.ts";
import { makeCertificate } from "../../localcloud/src/services/certificate.ts";
import { executionOf, openWorld, secretOf, sql, type World } from "./kit/world.ts";
import { restore } from "./restore.ts";

const ours = makeCertificate("Our authority");
const others = makeCertificate("Somebody else");
const id = randomBytes(4).toString("hex");
let world: World;
/** Its certificate is for `localhost`, and not for the address that it listens on. */
let server: Postgres;

beforeAll(async () => {
  world = await openWorld();
  const files = { cert: join(world.surroundings.scratch, "cert.pem"), key: join(world.surroundings.scratch, "key.pem") };
  const own = makeCertificate("server", ours, ["localhost"]);
  await writeFile(files.cert, own.cert);
  await writeFile(files.key, own.key);
  server = await postgres({ tls: files });
  await sql(server, "postgres", "CREATE DATABASE shop");
  await sql(server, "shop", "CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
});
afterAll(async () => {
  await server.stop();
  await world.end();
});

const at = (host: string, tls: object) => {
  const connection = world.secret(`${host} ${JSON.stringify(tls)}`, { ...secretOf(server), host });
  return capture(config.parse({ connection, databases: ["shop"], tls }), world.surroundings);
};
const said = async (host: string, tls: object) => (await at(host, tls).preflight(aContext())).map((it) => `${it.name}: ${it.message}`);

describe("a server whose certificate is signed by the authority that the plan gives", () => {
  test("is backed up, by the driver and by pg_dump, under verify-full", async () => {
    const how = { mode: "verify-full", ca: ours.cert };
    expect(await said("localhost", how)).toEqual([]);
    expect((await take(at("localhost", how))).opened.backup.native.databases[0]).toMatchObject({ rows: 1 });
  });

  test("is restored to, by pg_restore and the loading role", async () => {
    const { opened } = await take(at("localhost", { mode: "verify-full", ca: ours.cert }));
    const connection = world.secret("target", { ...secretOf(server), host: "localhost", sslmode: "verify-full", ca: ours.cert });
    const to = restore(target.parse({ connection }), world.surroundings, { protected: false });
    const plan = to.plan(opened.backup, {}, await to.survey(opened.backup, {}, aContext()), { id });
    if ("refused" in plan) throw new Error(plan.refused.message);
    const { made } = await to.advance(plan, opened, {}, [], executionOf(id), aContext());
    expect(await to.prove(opened, {}, made, aContext())).toMatchObject({ expected: 1, found: 1, findings: [] });
    await to.undo({ id }, aContext());
  });

  test("uses TLS for every session, not only when asked", async () => {
    const how = { mode: "verify-full", ca: ours.cert };
    const captured = await at("localhost", how).capture({ source: "s", at: new Date(), attempt: "a" }, aContext());
    if (captured.state !== "ready") throw new Error("not ready");
    const artifacts = captured.artifacts[Symbol.asyncIterator]();
    await artifacts.next();
    const sessions = await sql<{ ssl: boolean }>(
      server,
      "postgres",
      "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'shop'",
    );
    expect(sessions.length).toBeGreaterThan(0);
    expect(sessions.every((it) => it.ssl)).toBe(true);
    await artifacts.return?.();
  });

  test("is refused under another name than its certificate's, but for verify-ca, which does not ask for one", async () => {
    expect(await said("127.0.0.1", { mode: "verify-full", ca: ours.cert })).toEqual([
      expect.stringMatching(/^server-not-trusted: .*ERR_TLS_CERT_ALTNAME_INVALID/),
    ]);
    expect(await said("127.0.0.1", { mode: "verify-ca", ca: ours.cert })).toEqual([]);
    expect((await take(at("127.0.0.1", { mode: "verify-ca", ca: ours.cert }))).files.size).toBe(3);
  });
});

test.each([
  ["another authority", { mode: "verify-full", ca: others.cert }],
  ["another authority, whatever the name", { mode: "verify-ca", ca: others.cert }],
  ["the public authorities", { mode: "verify-full" }],
  ["Amazon's", { mode: "verify-full", ca: "rds" }],
])("a certificate that is not signed by %s is refused", async (_, how) => {
  expect(await said("localhost", how)).toEqual([expect.stringMatching(/^server-not-trusted/)]);
});

test("pg_dump itself refuses what it cannot verify, should the driver ever not", async () => {
  const { clientEnvironment, programPath } = await import("./client.ts");
  const { parseLogin } = await import("./secret.ts");
  const { start } = await import("./program.ts");
  const login = parseLogin(
    { connection: "s", tls: { mode: "verify-full", ca: others.cert } },
    JSON.stringify({ ...secretOf(server), host: "localhost" }),
  );
  const folder = world.surroundings.scratch;
  const running = start({
    path: programPath(world.surroundings, 17, "pg_dump"),
    args: [],
    env: await clientEnvironment(login, "shop", world.surroundings, folder),
    folder,
    signal: new AbortController().signal,
    failed: ({ said }) => new Error(said),
  });
  await expect(running.done).rejects.toThrow(/certificate verify failed/);
});

test("require encrypts and trusts whoever answers, disable does not encrypt", async () => {
  expect(await said("localhost", { mode: "require" })).toEqual([]);
  expect((await take(at("127.0.0.1", { mode: "require" }))).files.size).toBe(3);
  expect((await take(at("127.0.0.1", { mode: "disable" }))).files.size).toBe(3);
});
