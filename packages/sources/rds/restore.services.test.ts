import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateDBParameterGroupCommand } from "@aws-sdk/client-rds";
import type { Made, Opened, Want } from "@holdfast/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { makeCertificate } from "../../localcloud/src/services/certificate.ts";
import { captureAt } from "./capture.ts";
import { census } from "./census.ts";
import { config, target as targetSchema } from "./config.ts";
import { rdsKind } from "./kind.ts";
import { aDump } from "./kit/adump.ts";
import { allowed, loaded, planned } from "./kit/restoring.ts";
import {
  aContext,
  anInstance,
  become,
  captured,
  describeInstance,
  openedOf,
  openWorld,
  slotAt,
  type Trust,
  trustIn,
  type World,
} from "./kit/world.ts";
import type { Native } from "./native.ts";
import { restore } from "./restore.ts";

let scratch: string;
let trust: Trust;
let world: World;
let opened: Opened<Native>;
/** Between two writes. */
let moment: Date;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "rds-restore-"));
  trust = await trustIn(scratch);
  world = await openWorld(scaled(0.0003), trust);
  await world.api.send(
    new CreateDBParameterGroupCommand({ DBParameterGroupName: "shop-tuned", DBParameterGroupFamily: "postgres17", Description: "tuned" }),
  );
  await anInstance(world, "shop", {
    DBParameterGroupName: "shop-tuned",
    VpcSecurityGroupIds: ["sg-2", "sg-1"],
    EnableIAMDatabaseAuthentication: true,
    DeletionProtection: true,
    MaxAllocatedStorage: 100,
    PreferredMaintenanceWindow: "mon:01:00-mon:01:30",
  });
  await world.query(
    "shop",
    `create table orders (id int primary key) with (autovacuum_enabled = off); insert into orders values (1), (2);
     create role peeker login password 'peek'; create role looker login; grant rds_iam to looker; grant select on orders to looker`,
  );
  await world.act(rdsKind.needs("capture", config.parse({ instance: "shop" })));
  const capture = captureAt({ seconds: 0.01 })(config.parse({ instance: "shop" }), world.surroundings);
  opened = openedOf(await (await captured(capture, slotAt("2026-11-21T02:00:00Z"))).native());
  await world.query("shop", "insert into orders values (3)");
  const [now] = await world.query<{ now: Date }>("shop", "select clock_timestamp() as now");
  moment = now?.now ?? new Date(0);
  await world.query("shop", "insert into orders values (4)");
});
afterAll(async () => {
  await world?.end();
  await rm(scratch, { recursive: true, force: true });
  expect(world.rds.failures).toEqual([]);
});

const restores = (plan: object = {}) => restore(targetSchema.parse(plan), world.surroundings, { protected: false });

test("a backup comes up beside the original with its settings and data, is handed over, and undo leaves it alone then", async () => {
  const secret = world.secret("shop-owner", { username: "holdfast", password: "correct-horse", dbname: "shop" });
  await world.act(rdsKind.needs("restore", targetSchema.parse({})));
  const tls = { ca: trust.ca, mode: "verify-full" };
  const of = restores({ connection: secret, tls });
  const plan = await allowed(of, opened);
  expect(plan.creates).toEqual([{ what: "instance", id: "restored-shop-20261121t020000z" }]);
  const { made } = await loaded(of, opened, plan, "one");
  const { host, port } = world.rds.connection("eu-central-1", "restored-shop-20261121t020000z");
  expect(made).toEqual([...plan.creates, { what: "endpoint", id: `${host}:${port}` }]);
  expect(await world.query("restored-shop-20261121t020000z", "select id from orders order by id")).toEqual([{ id: 1 }, { id: 2 }]);
  const proven = await of.prove(opened, {}, made, aContext());
  expect(proven).toMatchObject({ unit: "checks", thing: "instance", found: proven.expected });
  expect(proven.findings).toMatchObject([
    { name: "answers", severity: "note", message: 'it answers: "shop" has 2 rows in 1 table' },
    { name: "endpoint", message: `it listens at ${host}:${port}` },
  ]);
  await besides(of, made, proven.expected);
  await byToken(made);
  await world.act(rdsKind.needs("restore", targetSchema.parse({})));
  expect(await of.finish(made, { id: "one" }, aContext())).toEqual(made);
  expect(await of.undo({ id: "one" }, aContext())).toEqual([]);
  expect(await describeInstance(world, "restored-shop-20261121t020000z")).toMatchObject({
    DeletionProtection: true,
    MaxAllocatedStorage: 100,
    PreferredMaintenanceWindow: "mon:01:00-mon:01:30",
    DBParameterGroups: [{ DBParameterGroupName: "shop-tuned" }],
  });
});

/** What its proof says of what the nearest dump tells, database by database. */
async function besides(of: ReturnType<typeof restores>, made: readonly Made[], settings: number): Promise<void> {
  const proof = (dump: Parameters<typeof aDump>[1], by = of, want: Want = {}) =>
    by.prove({ ...opened, beside: [aDump("20261121T020000Z", dump)] }, want, made, aContext());
  const one = settings + 1;
  expect(await proof({ shop: [1, 2] })).toMatchObject({
    expected: one,
    found: one,
    findings: [{ name: "rows-beside", message: "shop: 2 rows in 1 table; its dump of 2026-11-21T02:00:00.000Z has 2 in 1" }, {}],
  });
  expect(await proof({ shop: [1, 5] })).toMatchObject({ found: one, findings: [{ name: "rows-collapsed", severity: "doubt" }, {}] });
  expect(await proof({ shop: [1, 2], lost: [1, 1], postgres: [1, 9] })).toMatchObject({
    expected: settings + 3,
    found: settings + 1,
    findings: [
      { name: "database-missing", severity: "refuse" },
      { name: "rows-beside" },
      { name: "database-empty", severity: "refuse" },
      {},
    ],
  });
  expect(await proof({ lost: [1, 1] }, of, { force: true })).toMatchObject({ found: one, findings: [{ severity: "doubt" }, {}] });
  expect(await proof({ shop: [1, 2] }, restores())).toMatchObject({
    expected: settings,
    findings: [{ name: "not-asked", severity: "note", message: "nobody logged in, for the target has no login" }, {}],
  });
  const peeker = restores({
    connection: world.secret("peeker", { username: "peeker", password: "peek", dbname: "shop" }),
    tls: { ca: trust.ca, mode: "verify-full" },
  });
  const stranger = restores({
    connection: world.secret("stranger", { username: "peeker", password: "of-last-year", dbname: "shop" }),
    tls: { ca: trust.ca, mode: "verify-full" },
  });
  await expect(proof({ shop: [1, 2] }, stranger)).rejects.toMatchObject({ name: "LoginRefused" });
  expect(await proof({ shop: [1, 2] }, stranger, { force: true })).toMatchObject({
    expected: settings,
    found: settings,
    findings: [{ name: "not-asked", severity: "doubt", message: expect.stringContaining("nobody could look inside: ") }, {}],
  });
  expect((await proof({ shop: [1, 2] }, peeker)).findings[0]?.message).toContain(
    "about 0 rows in 1 table by the planner's estimate, and 1 of them nobody ever analysed; its dump",
  );
}

/** It logs in with rights on that one role and without any password; nobody is trusted but the authority that the target names. */
async function byToken(made: readonly Made[]): Promise<void> {
  const looking = { iam: { user: "looker" }, tls: { ca: trust.ca } };
  const proof = (plan: object) =>
    restores(plan).prove({ ...opened, beside: [aDump("20261121T020000Z", { shop: [1, 2] })] }, {}, made, aContext());
  await world.act(rdsKind.needs("restore", targetSchema.parse(looking)));
  expect((await proof(looking)).findings[0]).toMatchObject({
    name: "rows-beside",
    message: expect.stringContaining("shop: 2 rows in 1 table; "),
  });
  await expect(proof({ ...looking, tls: { ca: makeCertificate("Somebody else").cert } })).rejects.toMatchObject({
    name: "ServerNotTrusted",
  });
  await world.act(rdsKind.needs("restore", targetSchema.parse({ iam: { user: "another" } })));
  await expect(proof(looking)).rejects.toMatchObject({ name: "TokenRefused" });
}

test("rows are counted up to a margin, and estimated beyond it", async () => {
  await world.query(
    "shop",
    "create schema wide; create table wide.parts with (autovacuum_enabled = off) as select n as id from generate_series(1, 1000) n",
  );
  const session = { query: <Row>(_doing: string, sql: string) => world.query<Row>("shop", sql), end: async () => {} };
  const exact = await census(session, 1000, 200_000);
  expect(exact).toMatchObject({ tables: 2, exact: true, unknown: 0 });
  expect(exact.rows).toBeGreaterThanOrEqual(1002);
  expect(await census(session, 200_001, 200_000)).toMatchObject({ exact: false });
  // Nobody analysed them, so their size tells how many there may be.
  expect(await census(session, 0, 1000)).toMatchObject({ exact: false, rows: 0, unknown: 2 });
  await world.query("shop", "analyze wide.parts");
  expect(await census(session, 0, 1000)).toMatchObject({ exact: false, rows: 1000, unknown: 1 });
  await world.query("shop", "drop schema wide cascade");
});

test("an instance is taken back to a time between two writes: the first is there and the second is not; undo removes it", async () => {
  await become(async () => ((await describeInstance(world, "shop"))?.LatestRestorableTime ?? new Date(0)) >= moment);
  await world.act(rdsKind.needs("restore", targetSchema.parse({})));
  const of = restores();
  // Any backup does, also one whose snapshot is gone, and of before a major upgrade.
  const { snapshot, settings } = opened.backup.native;
  const gone = openedOf({
    ...opened.backup.native,
    snapshot: { ...snapshot, id: "holdfast-shop-gone", version: "16.8" },
    settings: { ...settings, DBParameterGroupName: "shop-tuned-16", OptionGroupName: "default:postgres-16" },
  });
  const plan = await allowed(of, gone, { as: "restored-then", time: moment.toISOString(), settingsOnly: true });
  expect(plan).toMatchObject({
    creates: [
      { what: "instance", id: "restored-then" },
      { what: "point in time", passing: true },
      { what: "upgraded to", id: snapshot.version, passing: true },
    ],
    proves: false,
  });
  const { made } = await loaded(of, gone, plan, "two");
  expect(await world.query("restored-then", "select id from orders order by id")).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  const proven = await of.prove(gone, {}, made, aContext());
  expect(proven.found).toBe(proven.expected);
  expect(proven.findings).toMatchObject([
    { name: "settings-differ", severity: "note", message: expect.stringContaining("DBParameterGroupName, OptionGroupName") },
    {
      name: "point-in-time",
      severity: "note",
      message: `it holds what shop held at ${moment.toISOString()}, taken from its log and from no backup`,
    },
    { name: "endpoint" },
  ]);
  expect(await of.undo({ id: "two" }, aContext())).toEqual([{ what: "instance", id: "restored-then" }]);
});

test("a time that RDS has not shipped yet is refused with the one that can be had", async () => {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  expect(await planned(restores(), opened, { time: later })).toMatchObject({
    refused: { name: "time-not-reached", message: expect.stringContaining(later), hint: expect.stringContaining("every five minutes") },
  });
});
