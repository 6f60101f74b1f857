import { randomBytes } from "node:crypto";
import type { Made } from "@holdfast/core";
import type { Postgres } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aContext, type Taken, take } from "../../../test/kit/taken.ts";
import { programs } from "../../../scripts/layers/pinned.mjs";
import { capture } from "./capture.ts";
import { config, target } from "./config.ts";
import { startMajor } from "./kit/majors.ts";
import { fingerprint, makeNasty } from "./kit/nasty.ts";
import { executionOf, openWorld, type Server, secretOf, sql, type World } from "./kit/world.ts";
import { MAJORS } from "./planrestore.ts";
import { read } from "./read.ts";
import type { Native } from "./native.ts";
import { restore } from "./restore.ts";

const id = randomBytes(4).toString("hex");
const SOURCE = `Shop Größe ${id}`;
const servers = new Map<number, Postgres>();
let world: World;

beforeAll(async () => {
  world = await openWorld();
  for (const { major } of programs) servers.set(major, await startMajor(major));
  for (const [major, server] of servers) {
    await sql(
      server,
      "postgres",
      "CREATE ROLE dumper LOGIN PASSWORD 'd' BYPASSRLS IN ROLE pg_read_all_data; CREATE ROLE keeper LOGIN PASSWORD 'k' CREATEDB CREATEROLE",
    );
    await sql(
      server,
      "postgres",
      `CREATE ROLE app; GRANT app TO keeper${major >= 16 ? " WITH INHERIT TRUE; ALTER ROLE keeper NOINHERIT" : ""}`,
    );
    await makeNasty(server, SOURCE, "app");
    await sql(
      server,
      SOURCE,
      "DO $$ DECLARE l oid; BEGIN FOR l IN SELECT oid FROM pg_largeobject_metadata LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO dumper', l); END LOOP; END $$",
    );
  }
});
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  await world.end();
});

const serverOf = (major: number): Server => {
  const server = servers.get(major);
  if (!server) throw new Error(`no server of ${major}`);
  return server;
};
const login = (server: Server, user: string, password: string) => ({ ...secretOf(server), username: user, password });

async function backUp(major: number): Promise<Taken<Native>> {
  const connection = world.secret(`source ${major}`, login(serverOf(major), "dumper", "d"));
  const source = capture(config.parse({ connection, databases: [SOURCE] }), world.surroundings);
  const findings = await source.preflight(aContext());
  expect(findings.filter((it) => it.severity === "refuse")).toEqual([]);
  return await take(source);
}

/** The whole way of one restore, as the workflow goes it, with a login that is no superuser. */
async function restoreTo(major: number, taken: Taken<Native>, execution: string) {
  const connection = world.secret(`target ${major}`, login(serverOf(major), "keeper", "k"));
  const to = restore(target.parse({ connection, owner: "app" }), world.surroundings, { protected: false });
  const facts = await to.survey(taken.opened.backup, {}, aContext());
  const plan = to.plan(taken.opened.backup, {}, facts, { id: execution });
  if ("refused" in plan) throw new Error(JSON.stringify(plan.refused));
  const step = await to.advance(plan, taken.opened, {}, [], executionOf(execution), aContext());
  const made: Made[] = step.made;
  return {
    to,
    made,
    name: made.find((it) => it.what === "database")?.id ?? "",
    proven: await to.prove(taken.opened, {}, made, aContext()),
  };
}

test("the plan's list of versions is the layer's", () => expect(MAJORS).toEqual(programs.map((it) => it.major)));

describe.each(programs.map((it) => it.major))("PostgreSQL %i", (major) => {
  test("a nasty database is dumped, read and restored by logins with few rights, and is the same to the byte", async () => {
    const taken = await backUp(major);
    expect(await read(world.surroundings).read(taken.opened, taken.opened, aContext())).toEqual([]);
    const execution = `m${major}${id}`;
    const { to, made, name, proven } = await restoreTo(major, taken, execution);
    expect(proven.findings.map((it) => `${it.severity} ${it.name}: ${it.message}`)).toEqual([
      "note left-out: not restored: 1 event triggers, 1 publications",
      "note settings-left-out: 1 parameters of the database are not set",
    ]);
    expect(proven).toMatchObject({ unit: "rows", expected: proven.found });
    expect(proven.expected).toBeGreaterThan(4500);
    expect(await fingerprint(serverOf(major), name)).toEqual(await fingerprint(serverOf(major), SOURCE));
    await to.finish(made, { id: execution }, aContext());
    const owners = await sql(
      serverOf(major),
      "postgres",
      `SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = '${name}'`,
    );
    expect(owners).toEqual([{ owner: "app" }]);
    expect(await sql(serverOf(major), "postgres", "SELECT rolname FROM pg_roles WHERE rolname LIKE 'holdfast%'")).toEqual([]);
    expect(
      await sql(serverOf(major), name, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname !~ '^pg_|^information_schema'"),
    ).toEqual([{ tableowner: "app" }]);
    expect(await to.undo({ id: execution }, aContext())).toEqual([]);
    await sql(serverOf(major), "postgres", `DROP DATABASE "${name}"`);
  });
});

test("a backup of the oldest version is restored on the newest", async () => {
  const taken = await backUp(14);
  const { to, name, proven } = await restoreTo(18, taken, `old${id}`);
  expect(proven.findings.filter((it) => it.severity !== "note")).toEqual([]);
  expect(await fingerprint(serverOf(18), name)).toEqual(await fingerprint(serverOf(14), SOURCE));
  expect((await to.undo({ id: `old${id}` }, aContext())).map((it) => it.what)).toEqual(["database", "role"]);
});
