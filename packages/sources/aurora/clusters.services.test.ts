import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
} from "@aws-sdk/client-rds";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { allowed, loaded, planned } from "../rds/kit/restoring.ts";
import { aContext, become, captured, login, openedOf, openWorld, region, slotAt, type World } from "../rds/kit/world.ts";
import { captureAt } from "./capture.ts";
import { config, target as targetSchema } from "./config.ts";
import { aurora } from "./kind.ts";
import { restore, restoreAt } from "./restore.ts";

/** Clusters of MySQL are records without a server, so all of this takes no time. */
let world: World;
let key: string;
const describeCluster = async (DBClusterIdentifier: string) =>
  (await world.api.send(new DescribeDBClustersCommand({ DBClusterIdentifier }))).DBClusters?.[0];
async function aCluster(DBClusterIdentifier: string, more: object): Promise<void> {
  await world.api.send(new CreateDBClusterCommand({ DBClusterIdentifier, Engine: "aurora-mysql", ...login, ...more }));
  await become(async () => (await describeCluster(DBClusterIdentifier))?.Status === "available");
}
beforeAll(async () => {
  world = await openWorld(scaled(0.0002));
  key = await world.key();
  await Promise.all([
    aCluster("plain", {}),
    aCluster("default-key", { StorageEncrypted: true }),
    aCluster("three", { Engine: "mysql", DBClusterInstanceClass: "db.m7g.large" }),
  ]);
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});
const of = (plan: object) => captureAt({ seconds: 0.01 })(config.parse(plan), world.surroundings);

test("a cluster under AWS's own key is encrypted anew, and one that is not encrypted stays so and says it", async () => {
  const slot = slotAt("2026-11-21T02:00:00Z");
  await world.act(aurora.needs("capture", config.parse({ cluster: "default-key", key })));
  expect(await (await captured(of({ cluster: "default-key", key }), slot)).native()).toMatchObject({ snapshot: { key } });
  await world.act();
  const plain = of({ cluster: "plain", key });
  expect(await plain.preflight(aContext())).toMatchObject([
    { name: "unencrypted", hint: expect.stringContaining("Restore it once with a key") },
  ]);
  const native = await (await captured(plain, slot)).native();
  expect(native.snapshot).toMatchObject({ id: "holdfast-plain-20261121t020000z", how: "taken" });
  expect(native.snapshot.key).toBeUndefined();
});

test("a Multi-AZ DB cluster's snapshots cannot be copied, which is said beforehand and when that would help", async () => {
  const told = await of({ cluster: "three", key }).preflight(aContext());
  expect(told).toMatchObject([
    {
      name: "not-copyable",
      severity: "note",
      message: expect.stringContaining("no automated one stands in"),
      hint: expect.stringContaining("Its dump"),
    },
    { name: "unencrypted", hint: expect.stringContaining("Copies of its snapshots cannot be encrypted anew") },
  ]);
  expect((await of({ cluster: "plain" }).preflight(aContext())).map(({ name }) => name)).not.toContain("not-copyable");
  world.rds.setCluster(region, "three", "stopped");
  await expect(of({ cluster: "three" }).capture(slotAt("2026-11-21T03:00:00Z"), aContext())).rejects.toMatchObject({
    name: "NothingToCopy",
    message: expect.stringContaining("Multi-AZ DB clusters cannot be copied"),
    hint: expect.stringContaining("state available"),
  });
  world.rds.setCluster(region, "three", "available");
});

test("an instance that a restored cluster should get and somebody else has is not taken for it", async () => {
  const native = await (await captured(of({ cluster: "plain" }), slotAt("2026-11-21T05:00:00Z"))).native();
  const member = { DBInstanceClass: "db.r7g.large", PromotionTier: 1, PubliclyAccessible: false, AutoMinorVersionUpgrade: true };
  const opened = openedOf({ ...native, settings: { ...native.settings, instances: [member] } });
  const DBInstanceIdentifier = "restored-plain-1";
  await world.api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier, Engine: "mysql", DBInstanceClass: "db.m7g.large", ...login }));
  const restoring = restore(targetSchema.parse({}), world.surroundings, { protected: false });
  const plan = await allowed(restoring, opened, { as: "restored-plain" });
  await expect(loaded(restoring, opened, plan, "taken")).rejects.toMatchObject({ name: "TargetTaken" });
  expect(await restoring.undo({ id: "taken" }, aContext())).toEqual([{ what: "cluster", id: "restored-plain" }]);
});

describe("undo of a cluster that RDS is still making", () => {
  const undoing = (times: number) =>
    restoreAt({ seconds: 0.01, times })(targetSchema.parse({}), world.surroundings, { protected: false }).undo({ id: "half" }, aContext());
  beforeEach(async () => {
    const native = await (await captured(of({ cluster: "plain" }), slotAt("2026-11-21T07:00:00Z"))).native();
    const member = { DBInstanceClass: "db.r7g.large", PromotionTier: 1, PubliclyAccessible: false, AutoMinorVersionUpgrade: true };
    const opened = openedOf({ ...native, settings: { ...native.settings, instances: [member] } });
    const restoring = restore(targetSchema.parse({}), world.surroundings, { protected: false });
    await become(async () => (await describeCluster("restored-half").catch(() => undefined)) === undefined);
    await loaded(restoring, opened, await allowed(restoring, opened, { as: "restored-half" }), "half");
    world.rds.setCluster(region, "restored-half", "creating");
  });
  const whole = [{ what: "cluster", id: "restored-half" }];

  test("removes what it can, is told that RDS is busy, and goes on when it is called again", async () => {
    await expect(undoing(2)).rejects.toMatchObject({ name: "RdsBusy", fault: "world", message: expect.stringContaining("restored-half") });
    await expect(undoing(0)).rejects.toMatchObject({ name: "RdsBusy" });
    world.rds.setCluster(region, "restored-half", "available");
    expect(await undoing(0)).toEqual(whole);
    expect(await undoing(0)).toEqual([]);
  });

  test("waits for it within its time", async () => {
    setTimeout(() => world.rds.setCluster(region, "restored-half", "available"), 50);
    expect(await undoing(1000)).toEqual([{ what: "instance", id: "restored-half-1" }, ...whole]);
  });
});

test("a restored cluster gets its writer first and alone, then all the others at once", async () => {
  const native = await (await captured(of({ cluster: "plain" }), slotAt("2026-11-21T06:00:00Z"))).native();
  const member = { DBInstanceClass: "db.r7g.large", PromotionTier: 1, PubliclyAccessible: false, AutoMinorVersionUpgrade: true };
  const opened = openedOf({ ...native, settings: { ...native.settings, instances: [member, member, member] } });
  const restoring = restore(targetSchema.parse({}), world.surroundings, { protected: false });
  const notes: string[] = [];
  await loaded(restoring, opened, await allowed(restoring, opened, { as: "restored-order" }), "order", notes);
  expect(notes.filter((note) => note.includes("gets"))).toEqual([
    "cluster restored-order gets restored-order-1",
    "cluster restored-order gets restored-order-2, restored-order-3",
  ]);
});

test("what a cluster would need is asked for of the version that it gets, and of its instances", async () => {
  const native = await (await captured(of({ cluster: "plain" }), slotAt("2026-11-21T08:00:00Z"))).native();
  const member = { DBInstanceClass: "db.x9.huge", PromotionTier: 1, PubliclyAccessible: false, AutoMinorVersionUpgrade: true };
  const two = openedOf({ ...native, settings: { ...native.settings, instances: [member, member] } });
  const ended = openedOf({ ...two.backup.native, snapshot: { ...native.snapshot, version: "8.0.mysql_aurora.3.00.0" } });
  const refused = (opened: typeof two, plan: object = {}) =>
    planned(restore(targetSchema.parse(plan), world.surroundings, { protected: false }), opened);
  expect(await refused(two)).toHaveProperty("refused.name", "class-not-offered");
  expect(await refused(ended)).toHaveProperty("refused.name", "version-not-offered");
  expect(await refused(ended, { engineVersion: native.snapshot.version })).toHaveProperty("refused.name", "class-not-offered");
  const { DBInstances = [] } = await world.api.send(new DescribeDBInstancesCommand({}));
  const most = world.rds.quotas.instances;
  world.rds.quotas.instances = DBInstances.length + 1;
  expect(await refused(two, { instanceClass: "db.r7g.large" })).toHaveProperty("refused.name", "quota-full");
  expect(await refused(two, { instanceClass: "db.r7g.large", instances: 1 })).toHaveProperty("creates");
  world.rds.quotas.instances = most;
});

test("a Multi-AZ DB cluster makes its instances itself when it is restored", async () => {
  const opened = openedOf(await (await captured(of({ cluster: "three" }), slotAt("2026-11-21T04:00:00Z"))).native());
  const restoring = restore(targetSchema.parse({}), world.surroundings, { protected: false });
  const plan = await allowed(restoring, opened, { as: "restored-three" });
  expect(plan.creates).toEqual([{ what: "cluster", id: "restored-three" }]);
  const { made } = await loaded(restoring, opened, plan, "one");
  const proven = await restoring.prove(opened, {}, made, aContext());
  expect(proven).toMatchObject({ found: proven.expected });
  expect((await describeCluster("restored-three"))?.DBClusterMembers).toHaveLength(3);
  expect(await restoring.undo({ id: "one" }, aContext())).toEqual([{ what: "cluster", id: "restored-three" }]);
});
