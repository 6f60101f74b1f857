import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
} from "@aws-sdk/client-rds";
import type { Opened } from "@holdfast/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { aDump } from "../rds/kit/adump.ts";
import { allowed, loaded } from "../rds/kit/restoring.ts";
import { aContext, become, captured, describeInstance, login, openedOf, openWorld, slotAt, type World } from "../rds/kit/world.ts";
import { captureAt } from "./capture.ts";
import { config, target as targetSchema } from "./config.ts";
import { aurora } from "./kind.ts";
import { type Native, native } from "./native.ts";
import { read } from "./read.ts";
import { restore } from "./restore.ts";

let world: World;
let opened: Opened<Native>;
/** Between two writes. */
let moment: Date;
const Engine = "aurora-postgresql";

const describeCluster = async (DBClusterIdentifier: string) =>
  (await world.api.send(new DescribeDBClustersCommand({ DBClusterIdentifier }))).DBClusters?.[0];

async function member(DBInstanceIdentifier: string, DBInstanceClass: string, PromotionTier: number): Promise<void> {
  const input = { DBInstanceIdentifier, DBClusterIdentifier: "orders", DBInstanceClass, PromotionTier, Engine };
  await world.api.send(new CreateDBInstanceCommand(input));
  await become(async () => (await describeInstance(world, DBInstanceIdentifier))?.DBInstanceStatus === "available");
}

beforeAll(async () => {
  world = await openWorld(scaled(0.0003));
  const ServerlessV2ScalingConfiguration = { MinCapacity: 0.5, MaxCapacity: 4 };
  await world.api.send(
    new CreateDBClusterCommand({
      DBClusterIdentifier: "orders",
      Engine,
      DatabaseName: "orders",
      ServerlessV2ScalingConfiguration,
      ...login,
    }),
  );
  await become(async () => (await describeCluster("orders"))?.Status === "available");
  await member("orders-a", "db.r7g.large", 3);
  await member("orders-b", "db.serverless", 0);
  await world.query("orders", "create table orders (id int primary key); insert into orders values (1)");
  await world.act(aurora.needs("capture", config.parse({ cluster: "orders" })));
  const capture = captureAt({ seconds: 0.01 })(config.parse({ cluster: "orders" }), world.surroundings);
  const slot = slotAt("2026-11-21T02:00:00Z", "orders");
  opened = openedOf(native.parse(await (await captured(capture, slot)).native()));
  await world.query("orders", "insert into orders values (2)");
  const [now] = await world.query<{ now: Date }>("orders", "select clock_timestamp() as now");
  moment = now?.now ?? new Date(0);
  await world.query("orders", "insert into orders values (3)");
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});
const ids = async (cluster: string) =>
  (await world.query<{ id: number }>(cluster, "select id from orders order by id")).map(({ id }) => id);

test("a cluster's snapshot tells its scaling and its instances, the writer first, and is present", async () => {
  expect(opened.backup.native).toMatchObject({
    snapshot: { id: "holdfast-orders-20261121t020000z", of: "orders", engine: Engine, how: "taken" },
    settings: {
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
      instances: [
        { DBInstanceClass: "db.r7g.large", PromotionTier: 3 },
        { DBInstanceClass: "db.serverless", PromotionTier: 0 },
      ],
    },
  });
  await world.act(aurora.needs("read"));
  expect(await read(world.surroundings).read(opened, opened, aContext())).toEqual([]);
});

test("it comes up with its instances and the data of that moment; undo removes all of it", async () => {
  const target = targetSchema.parse({
    connection: world.secret("owner", { username: "holdfast", password: "correct-horse", dbname: "orders" }),
  });
  await world.act(aurora.needs("restore", target));
  const of = restore(target, world.surroundings, { protected: false });
  const plan = await allowed(of, opened);
  const id = "restored-orders-20261121t020000z";
  expect(plan.creates).toEqual([
    { what: "cluster", id },
    { what: "instance", id: `${id}-1` },
    { what: "instance", id: `${id}-2` },
  ]);
  const { made } = await loaded(of, opened, plan, "one");
  expect(await ids(id)).toEqual([1]);
  expect((await describeCluster(id))?.DBClusterMembers?.map((one) => [one.DBInstanceIdentifier, one.IsClusterWriter])).toEqual([
    [`${id}-1`, true],
    [`${id}-2`, false],
  ]);
  expect((await describeCluster(id))?.ServerlessV2ScalingConfiguration).toMatchObject({ MinCapacity: 0.5, MaxCapacity: 4 });
  expect((await describeInstance(world, `${id}-2`))?.DBInstanceClass).toBe("db.serverless");
  const proven = await of.prove({ ...opened, beside: [aDump("20261121T020000Z", { orders: [1, 1] })] }, {}, made, aContext());
  expect(proven).toMatchObject({ unit: "checks", thing: "cluster", found: proven.expected });
  expect(proven.findings).toMatchObject([
    { name: "rows-beside", message: "orders: 1 row in 1 table; its dump of 2026-11-21T02:00:00.000Z has 1 in 1" },
    { name: "endpoint" },
  ]);
  expect((await of.undo({ id: "one" }, aContext())).map((one) => one.id).toSorted()).toEqual([id, `${id}-1`, `${id}-2`]);
  const { DBInstances = [] } = await world.api.send(new DescribeDBInstancesCommand({}));
  expect(DBInstances.filter(({ DBInstanceStatus }) => DBInstanceStatus !== "deleting").map((one) => one.DBInstanceIdentifier)).toEqual([
    "orders-a",
    "orders-b",
  ]);
});

test("it is taken back to a time between two writes, with one instance where the target says so", async () => {
  await become(async () => ((await describeCluster("orders"))?.LatestRestorableTime ?? new Date(0)) >= moment);
  const target = targetSchema.parse({ instances: 1, instanceClass: "db.t4g.medium" });
  await world.act(aurora.needs("restore", target));
  const of = restore(target, world.surroundings, { protected: false });
  const plan = await allowed(of, opened, { as: "restored-then", time: moment.toISOString() });
  expect(plan.proves).toBe(false);
  const { made } = await loaded(of, opened, plan, "two");
  expect(made.map((one) => one.what)).toEqual(["cluster", "instance", "point in time", "endpoint"]);
  expect(await ids("restored-then")).toEqual([1, 2]);
  const proven = await of.prove(opened, {}, made, aContext());
  expect(proven.found).toBe(proven.expected);
  expect(proven.findings).toMatchObject([
    {
      name: "point-in-time",
      severity: "note",
      message: `it holds what orders held at ${moment.toISOString()}, taken from its log and from no backup`,
    },
    { name: "endpoint" },
  ]);
  expect((await of.finish(made, { id: "two" }, aContext())).map((one) => one.what)).toEqual(["cluster", "instance", "endpoint"]);
  expect(await of.undo({ id: "two" }, aContext())).toEqual([]);
});
