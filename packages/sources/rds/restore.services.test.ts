import { CreateDBParameterGroupCommand } from "@aws-sdk/client-rds";
import type { Opened } from "@holdfast/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { captureAt } from "./capture.ts";
import { config, target as targetSchema } from "./config.ts";
import { rdsKind } from "./kind.ts";
import { allowed, loaded, planned } from "./kit/restoring.ts";
import { aContext, anInstance, become, captured, describeInstance, openedOf, openWorld, slotAt, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { restore } from "./restore.ts";

let world: World;
let opened: Opened<Native>;
/** Between two writes. */
let moment: Date;
beforeAll(async () => {
  world = await openWorld(scaled(0.0003));
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
  await world.query("shop", "create table orders (id int primary key); insert into orders values (1), (2)");
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
  expect(world.rds.failures).toEqual([]);
});

const restores = (plan: object = {}) => restore(targetSchema.parse(plan), world.surroundings, { protected: false });

test("a backup comes up beside the original with its settings and data, is handed over, and undo leaves it alone then", async () => {
  const secret = world.secret("shop-owner", { username: "holdfast", password: "correct-horse", dbname: "shop" });
  await world.act(rdsKind.needs("restore", targetSchema.parse({})));
  const of = restores({ connection: secret });
  const plan = await allowed(of, opened);
  expect(plan.creates).toEqual([{ what: "instance", id: "restored-shop-20261121t020000z" }]);
  const { made } = await loaded(of, opened, plan, "one");
  const { host, port } = world.rds.connection("eu-central-1", "restored-shop-20261121t020000z");
  expect(made).toEqual([...plan.creates, { what: "endpoint", id: `${host}:${port}` }]);
  expect(await world.query("restored-shop-20261121t020000z", "select id from orders order by id")).toEqual([{ id: 1 }, { id: 2 }]);
  const proven = await of.prove(opened, {}, made, aContext());
  expect(proven).toMatchObject({ unit: "settings", found: proven.expected });
  expect(proven.findings.map(({ name }) => name)).toEqual(["answers", "endpoint"]);
  expect(await of.finish(made, { id: "one" }, aContext())).toEqual(made);
  expect(await of.undo({ id: "one" }, aContext())).toEqual([]);
  expect(await describeInstance(world, "restored-shop-20261121t020000z")).toMatchObject({
    DeletionProtection: true,
    MaxAllocatedStorage: 100,
    PreferredMaintenanceWindow: "mon:01:00-mon:01:30",
    DBParameterGroups: [{ DBParameterGroupName: "shop-tuned" }],
  });
});

test("an instance is taken back to a time between two writes: the first is there and the second is not; undo removes it", async () => {
  await become(async () => ((await describeInstance(world, "shop"))?.LatestRestorableTime ?? new Date(0)) >= moment);
  await world.act(rdsKind.needs("restore", targetSchema.parse({})));
  const of = restores();
  const plan = await allowed(of, opened, { as: "restored-then", time: moment.toISOString() });
  expect(plan).toMatchObject({
    creates: [
      { what: "instance", id: "restored-then" },
      { what: "point in time", passing: true },
    ],
    proves: false,
  });
  const { made } = await loaded(of, opened, plan, "two");
  expect(await world.query("restored-then", "select id from orders order by id")).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  const proven = await of.prove(opened, {}, made, aContext());
  expect(proven.found).toBe(proven.expected);
  expect(proven.findings).toMatchObject([
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
