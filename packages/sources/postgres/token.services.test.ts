import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { ModifyDBInstanceCommand } from "@aws-sdk/client-rds";
import type { Finding } from "@holdfast/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { aContext, type Taken, take, whole } from "../../../test/kit/taken.ts";
import { capture } from "./capture.ts";
import { type Config, config } from "./config.ts";
import { GLOBALS } from "./contents.ts";
import { makeCertificate } from "../../localcloud/src/services/certificate.ts";
import { aCluster, anInstance, documentedSql, openRdsWorld, type RdsWorld } from "./kit/rdsworld.ts";
import { until } from "./kit/wait.ts";
import { openWorld, sql, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { read } from "./read.ts";
import { tokenLogin } from "./token.ts";

const { endpoint, region, root } = inject("ministack");
let world: World;
let aws: RdsWorld;
/** Resource ids. */
let shop = "";
let orders = "";

beforeAll(async () => {
  world = await openWorld();
  aws = await openRdsWorld({ endpoint, region, credentials: root }, world.surroundings.scratch);
  shop = await anInstance(aws, "shop", { DBName: "shop" });
  orders = await aCluster(aws, "orders");
  for (const id of ["shop", "orders"]) {
    await aws.sql(id, await documentedSql());
    await aws.sql(id, `CREATE TABLE t AS SELECT i FROM generate_series(1, 500) i`, id);
  }
});
afterAll(async () => {
  await aws?.end();
  await world?.end();
  expect(aws.rds.failures).toEqual([]);
});
beforeEach(() => aws.rule());
afterEach(() => {
  aws.later.ms = 0;
  vi.useRealTimers();
});

const iam = { user: "holdfast_backup" };
const wanted = (plan: object): Config => config.parse({ iam, tls: { ca: aws.ca }, databases: ["shop"], ...plan });
const ofShop = (plan: object = {}) => wanted({ rds: { instance: "shop" }, ...plan });
const source = (plan: Config, layer = world.surroundings.layer("postgres")) => capture(plan, { ...world.surroundings, layer: () => layer });
const said = async (plan: Config): Promise<Finding[]> => await source(plan).preflight(aContext());
const nameOf = async (plan: Config) => (await said(plan)).map(({ name }) => name);

/** A layer whose programs write down what they were given before they begin; `hold` waits for `go` then. */
async function watchfulLayer(hold = "none") {
  const real = world.surroundings.layer("postgres");
  const layer = await mkdtemp(join(world.surroundings.scratch, "layer-"));
  const notes = await mkdtemp(join(world.surroundings.scratch, "notes-"));
  await mkdir(join(layer, "17", "bin"), { recursive: true });
  for (const program of ["pg_dump", "pg_dumpall"]) {
    const wait = program === hold ? `while [ ! -e ${layer}/go ]; do /bin/sleep 0.01; done` : "";
    const note = `printf '%s\\n%s\\n' "$PGPASSWORD" "$*" > ${notes}/${program}.$$`;
    const script = `#!/bin/sh\n${note}\n${wait}\nexec ${join(real, "17", "bin", program)} "$@"\n`;
    await writeFile(join(layer, "17", "bin", program), script, { mode: 0o755 });
  }
  for (const name of ["lib", "rds.pem"]) await symlink(join(real, name), join(layer, name));
  const given = async () => Promise.all((await readdir(notes)).map((file) => readFile(join(notes, file), "utf8")));
  const began = async (program: string) => (await readdir(notes)).some((file) => file.startsWith(`${program}.`));
  return { layer, given, began, go: () => writeFile(join(layer, "go"), "") };
}
const TOKEN = /X-Amz-(Signature|Security-Token|Credential)=/;
const globalsOf = (taken: Taken<Native>) => taken.files.get(GLOBALS)?.toString() ?? "";

describe("with the rights that the kind asks for, and the login of the docs", () => {
  test("an instance is backed up whole, and can be read", async () => {
    await aws.act(ofShop(), shop);
    expect(await said(ofShop())).toEqual([]);
    const taken = await take(source(ofShop()));
    expect(taken.opened.backup.native).toMatchObject({ databases: [{ name: "shop", tables: 1, rows: 500, uncounted: 0 }], globals: true });
    expect(await read(world.surroundings).read(taken.opened, undefined, aContext())).toEqual([]);
  });

  test("a cluster is, at its writer's endpoint, all databases but Amazon's own", async () => {
    const plan = wanted({ rds: { cluster: "orders" }, databases: "all" });
    await aws.act(plan, orders);
    const { native } = (await take(source(plan))).opened.backup;
    expect(native.databases.map(({ name, rows }) => [name, rows])).toEqual([
      ["orders", 500],
      ["postgres", 0],
    ]);
  });

  test("no token stands in an argument, a finding or a file of the backup", async () => {
    const { layer, given } = await watchfulLayer();
    await aws.act(ofShop(), shop);
    const taken = await take(source(ofShop(), layer));
    const children = (await given()).filter((text) => !text.includes("--version"));
    expect(children).toHaveLength(2);
    for (const child of children) {
      const [token = "", args = ""] = child.split("\n");
      expect(token).toMatch(/^127\.0\.0\.1:\d+\/\?Action=connect&.*X-Amz-Signature=/);
      expect(args).not.toMatch(TOKEN);
      const kept = [...taken.files.values()].map((bytes) => bytes.toString("latin1")).join("");
      expect(JSON.stringify(taken.findings) + kept).not.toMatch(TOKEN);
    }
  });

  test("a backup may last longer than a token: each connection and each program has one of its own", async () => {
    await aws.act(ofShop(), shop);
    const { layer, began, go } = await watchfulLayer("pg_dumpall");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 4 * 60_000 });
    const captured = await source(ofShop(), layer).capture({ source: "shop", at: new Date(), attempt: "a" }, aContext());
    if (captured.state !== "ready") throw new Error("not ready");
    const artifacts = captured.artifacts[Symbol.asyncIterator]();
    const dump = await artifacts.next();
    await whole(dump.value.bytes);
    vi.useRealTimers();
    const globals = artifacts.next();
    await until(() => began("pg_dumpall"));
    aws.later.ms = 12 * 60_000;
    await go();
    expect((await globals).value.name).toBe(GLOBALS);
    await artifacts.return?.();
  });

  test("and a token that is over lets nobody in", async () => {
    await aws.act(ofShop(), shop);
    aws.later.ms = 16 * 60_000;
    expect(await nameOf(ofShop())).toEqual(["token-refused"]);
  });
});

describe("the roles in globals.sql", () => {
  test("are the customer's, and another server takes them as they are", async () => {
    await aws.sql("shop", `CREATE ROLE rds_reports; CREATE ROLE "odd ""rdsadmin;" IN ROLE rds_reports; GRANT rds_superuser TO rds_reports`);
    await aws.sql("shop", `COMMENT ON ROLE rds_reports IS 'not; AWS''s'; ALTER ROLE rds_reports SET work_mem TO '8MB'`);
    await aws.act(ofShop(), shop);
    const taken = await take(source(ofShop()));
    const globals = globalsOf(taken);
    expect(globals).toContain("CREATE ROLE rds_reports;");
    expect(globals).toContain('GRANT rds_reports TO "odd ""rdsadmin;"');
    expect(globals).not.toMatch(/ROLE (rdsadmin|rds_superuser|rds_iam|rds_password)\b|GRANTED BY rdsadmin|rds_iam/);
    const [note] = taken.findings.filter(({ name }) => name === "aws-roles-left-out");
    expect(note?.message).toContain("rds_iam TO holdfast_backup");
    expect(note?.message).toContain("rds_superuser TO rds_reports");
    const statements = globals.replaceAll(/^\\.*$/gm, "");
    expect(await sql(inject("postgres"), "postgres", `BEGIN; ${statements}; ROLLBACK; SELECT 1 AS done`)).toEqual([{ done: 1 }]);
  });
});

describe("refused by name", () => {
  test("the login, where the role may not connect, to the driver and told with the three causes", async () => {
    await aws.act(ofShop(), shop, "rds-db:connect");
    const [finding] = await said(ofShop());
    expect(finding).toMatchObject({ name: "token-refused", severity: "refuse" });
    expect(finding?.message).toBe('the instance shop refuses the IAM login of "holdfast_backup"');
    expect(finding?.hint).toMatch(/not enabled.*GRANT rds_iam TO holdfast_backup.*deploy again/);
    const error = await take(source(ofShop())).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ name: "TokenRefused" });
    expect(JSON.stringify(finding) + inspect(error, { depth: 9 })).not.toMatch(TOKEN);
  });

  test("the login of a program that comes too late with its token, and nothing is told as missing instead", async () => {
    await aws.act(ofShop(), shop);
    const { layer, began, go } = await watchfulLayer("pg_dumpall");
    const taking = take(source(ofShop(), layer)).catch((refusal: unknown) => refusal);
    await until(() => began("pg_dumpall"));
    aws.later.ms = 16 * 60_000;
    await go();
    const error = await taking;
    expect(error).toMatchObject({ name: "TokenRefused", cause: { message: expect.stringContaining("PAM authentication failed") } });
    expect(inspect(error, { depth: 9 })).not.toMatch(TOKEN);
  });

  test.each([
    ["the database was replaced, and the role may connect to the old one", {}, "db-OLDOLDOLDOLDOLDOLDOLDOLDOL"],
    ["rds_iam was never granted", { iam: { user: "forgotten" } }, undefined],
    ["there is no such role", { iam: { user: "nobody" } }, undefined],
  ])("the login, where %s", async (_, plan, resource) => {
    await aws.sql("shop", "DROP ROLE IF EXISTS forgotten; CREATE ROLE forgotten LOGIN");
    await aws.act(ofShop(plan), resource ?? shop);
    expect(await nameOf(ofShop(plan))).toEqual(["token-refused"]);
  });

  test("an endpoint that another authority vouches for, before it sees a token", async () => {
    await aws.act(ofShop(), shop);
    expect(await nameOf(ofShop({ tls: { ca: makeCertificate("Somebody else").cert } }))).toEqual(["server-not-trusted"]);
    expect(await nameOf(ofShop({ tls: undefined }))).toEqual(["server-not-trusted"]);
  });

  test("a database that is gone, with the region", async () => {
    const plan = wanted({ rds: { cluster: "nowhere" } });
    await aws.act(plan, orders);
    const [finding] = await said(plan);
    expect(finding).toMatchObject({ name: "rds-database-missing", message: `there is no cluster nowhere in ${region}` });
  });

  test("a look at the endpoint without the right to", async () => {
    await aws.act(ofShop(), shop, "rds:DescribeDBInstances");
    expect(await nameOf(ofShop())).toEqual(["rds-denied"]);
  });

  test("an engine that is not PostgreSQL, with what to write instead", async () => {
    await anInstance(aws, "mysql", { Engine: "mysql", AllocatedStorage: 20 });
    const [finding] = await said(wanted({ rds: { instance: "mysql" } }));
    expect(finding).toMatchObject({ name: "not-postgres", hint: expect.stringContaining("dump: false") });
  });

  test("an instance of a cluster, with the cluster's name", async () => {
    const [finding] = await said(wanted({ rds: { instance: "orders-1" } }));
    expect(finding).toMatchObject({ name: "endpoint-of-cluster", hint: expect.stringContaining('rds: { cluster: "orders" }') });
  });

  test.each(["stopped", "creating", "inaccessible-encryption-credentials-recoverable"])("a database that is %s", async (status) => {
    aws.rds.setInstance(region, "shop", status);
    const [finding] = await said(ofShop());
    aws.rds.setInstance(region, "shop", "available");
    expect(finding).toMatchObject({ name: "no-endpoint", message: `the instance shop takes no connections: it is ${status}` });
  });

  test("a database that is busy is none of them: it answers", async () => {
    aws.rds.setInstance(region, "shop", "backing-up");
    const found = await nameOf(ofShop());
    aws.rds.setInstance(region, "shop", "available");
    expect(found).toEqual([]);
  });

  test("a token that nobody can sign", async () => {
    const login = await tokenLogin({ iam, rds: { instance: "shop" } }, region, new AbortController().signal);
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    await expect(login.password()).rejects.toMatchObject({ name: "TokenNotSigned", fault: "world" });
  });

  test("a database that does not take tokens, as RDS tells it", async () => {
    await aws.api.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: "shop", EnableIAMDatabaseAuthentication: false }));
    await aws.rds.settled();
    expect(await nameOf(ofShop())).toEqual(["tokens-off"]);
  });
});
