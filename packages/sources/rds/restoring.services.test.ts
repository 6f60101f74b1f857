import { DisableKeyCommand } from "@aws-sdk/client-kms";
import {
  AddTagsToResourceCommand,
  CreateDBSubnetGroupCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DeleteDBSubnetGroupCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RemoveTagsFromResourceCommand,
} from "@aws-sdk/client-rds";
import { type Execution, type Made, type Opened, type RestorePlan, slotTime } from "@holdfast/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { captureAt } from "./capture.ts";
import { config, target as targetSchema } from "./config.ts";
import { rdsKind } from "./kind.ts";
import { allowed, loaded, planned } from "./kit/restoring.ts";
import {
  aContext,
  anInstance,
  become,
  captured,
  describeInstance,
  executionOf,
  openedOf,
  openWorld,
  region,
  type World,
} from "./kit/world.ts";
import type { Native } from "./native.ts";
import { restoreAt } from "./restore.ts";
import { EXECUTION } from "./tags.ts";

/** Instances of MySQL are records without a server, so all of this takes no time. */
let world: World;
let key: string;
let opened: Opened<Native>;
beforeAll(async () => {
  world = await openWorld(scaled(0.0002));
  key = await world.key();
  await subnetGroup();
  const more = { Engine: "mysql", DBInstanceClass: "db.m7g.large", StorageEncrypted: true, KmsKeyId: key, DBSubnetGroupName: "inner" };
  await anInstance(world, "shop", more);
  opened = openedOf(await snapshot("20261121T020000Z"));
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});
const subnetGroup = () =>
  world.api.send(
    new CreateDBSubnetGroupCommand({ DBSubnetGroupName: "inner", DBSubnetGroupDescription: "inner", SubnetIds: ["subnet-1"] }),
  );

async function snapshot(slot: string): Promise<Native> {
  await world.act();
  const capture = captureAt({ seconds: 0.01 })(config.parse({ instance: "shop" }), world.surroundings);
  const at = slotTime(slot) ?? new Date(0);
  return (await captured(capture, { source: "shop", at, attempt: "attempt1" })).native();
}

/** By root, which is quicker: that a kind's own rights suffice is seen where data are restored. */
async function restores(plan: object = {}) {
  const target = targetSchema.parse(plan);
  await world.act();
  return restoreAt({ seconds: 0.01, times: 500 })(target, world.surroundings, { protected: false });
}
const refusedOf = async (plan: object = {}) => {
  const found = await planned(await restores(plan), opened);
  return "refused" in found ? found.refused.name : "allowed";
};
const step = async (plan: RestorePlan, execution: Execution, now = new Date(), made: readonly Made[] = []) =>
  (await restores()).advance(plan, opened, {}, made, execution, { ...aContext(), now: () => now });
const stands = async (id: string) => (await describeInstance(world, id).catch(() => undefined))?.DBInstanceStatus;

describe("what was recorded and is gone", () => {
  test("a subnet group is named, and another one can be given", async () => {
    await world.api.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: "inner" }));
    expect(await planned(await restores(), opened)).toMatchObject({
      refused: {
        name: "group-gone",
        message: expect.stringContaining("subnetGroup inner"),
        hint: expect.stringContaining("Give the target another subnetGroup in the plan"),
      },
    });
    expect(await refusedOf({ subnetGroup: "default" })).toBe("allowed");
    await subnetGroup();
    expect(await refusedOf()).toBe("allowed");
  });

  test("a version is refused with those that there are", async () => {
    const versions = world.rds.versions.mysql ?? [];
    world.rds.versions.mysql = ["8.4.7"];
    expect(await planned(await restores(), opened)).toMatchObject({
      refused: {
        name: "version-not-offered",
        message: expect.stringContaining("8.4.7"),
        hint: expect.stringContaining("aws rds modify-db-snapshot"),
      },
    });
    world.rds.versions.mysql = versions;
  });

  test("a secret that the proof will need is missed before anything is made, unless somebody says force", async () => {
    const connection = world.secret("shop-typo", { user: "owner" });
    const postgres = openedOf({ ...opened.backup.native, snapshot: { ...opened.backup.native.snapshot, engine: "postgres" } });
    await expect(planned(await restores({ connection }), postgres)).rejects.toMatchObject({ name: "SecretUnusable" });
    expect(await planned(await restores({ connection }), postgres, { force: true })).toHaveProperty("refused.name", "version-not-offered");
  });

  test("a class that is not to be had with it is refused", async () => {
    expect(await refusedOf({ instanceClass: "db.x9.huge" })).toBe("class-not-offered");
  });
});

describe("what a restore makes", () => {
  test("is never what exists already, also when somebody is quicker", async () => {
    const plan = await allowed(await restores(), opened, { as: "restored-taken" });
    await anInstance(world, "restored-taken", { Engine: "mysql" });
    await expect(step(plan, executionOf("one"))).rejects.toMatchObject({
      name: "TargetTaken",
      fault: "input",
      hint: "Nothing was changed. Restore under another name.",
    });
    expect(await planned(await restores(), opened, { as: "restored-taken" })).toMatchObject({ refused: { name: "target-taken" } });
    expect(await (await restores()).undo({ id: "one" }, aContext())).toEqual([]);
    expect(await stands("restored-taken")).toBe("available");
  });

  test("is removed by undo, which finds it by its tag and nothing else", async () => {
    const of = await restores();
    await loaded(of, opened, await allowed(of, opened, { as: "restored-undone" }), "two");
    expect(await of.undo({ id: "another" }, aContext())).toEqual([]);
    expect(await of.undo({ id: "two" }, aContext())).toEqual([{ what: "instance", id: "restored-undone" }]);
    expect(await of.undo({ id: "two" }, aContext())).toEqual([]);
    expect(await stands("shop")).toBe("available");
    await become(async () => (await stands("restored-undone")) === undefined);
  });

  test("is removed at once when its execution was stopped meanwhile, and not begun when it was stopped before", async () => {
    const stood: (string | undefined)[] = [];
    const plan = await allowed(await restores(), opened, { as: "restored-stopped" });
    const stopped = (after: number): Execution => {
      const before = stood.length;
      return { ...executionOf("three"), running: async () => stood.push(await stands("restored-stopped")) - before <= after };
    };
    await expect(step(plan, stopped(0))).rejects.toMatchObject({ name: "ExecutionStopped" });
    expect(await stands("restored-stopped")).toBeUndefined();
    await expect(step(plan, stopped(1))).rejects.toMatchObject({ name: "ExecutionStopped" });
    expect(stood.map((status) => status !== undefined)).toEqual([false, false, true]);
    await become(async () => (await stands("restored-stopped")) === undefined);
  });

  test("is waited for while RDS does not let go of it", async () => {
    const of = await restores();
    await loaded(of, opened, await allowed(of, opened, { as: "restored-busy" }), "four");
    world.rds.refuse("DeleteDBInstance", "InvalidDBInstanceState", 3);
    expect(await of.undo({ id: "four" }, aContext())).toEqual([{ what: "instance", id: "restored-busy" }]);
    await become(async () => (await stands("restored-busy")) === undefined);
  });

  test("is handed over with its protection as soon as RDS lets it be changed", async () => {
    const guarded = openedOf({ ...opened.backup.native, settings: { ...opened.backup.native.settings, DeletionProtection: true } });
    const of = await restores();
    const { made } = await loaded(of, guarded, await allowed(of, guarded, { as: "restored-guarded" }), "guarded");
    expect((await describeInstance(world, "restored-guarded"))?.DeletionProtection).toBe(false);
    world.rds.refuse("ModifyDBInstance", "InvalidDBInstanceState", 2);
    expect(await of.finish(made, { id: "guarded" }, aContext())).toEqual(made);
    expect((await describeInstance(world, "restored-guarded"))?.DeletionProtection).toBe(true);
    expect(await of.undo({ id: "guarded" }, aContext())).toEqual([]);
  });

  test("waits while RDS is busy or throttles, and is not undone for it", async () => {
    const plan = await allowed(await restores(), opened, { as: "restored-waiting" });
    const refusing = () => world.rds.refuse("RestoreDBInstanceFromDBSnapshot", "InvalidDBSnapshotState");
    refusing();
    const { made, ...waiting } = await step(plan, executionOf("eight"));
    expect(waiting).toMatchObject({ state: "wait", note: expect.stringContaining("cannot do it now") });
    refusing();
    const late = new Date(Date.now() + 13 * 3_600_000);
    await expect(step(plan, executionOf("eight"), late, made)).rejects.toMatchObject({
      name: "RestoreSlow",
      message: expect.stringMatching(/not ready 12 hours after .*cannot do it now/),
    });
  });

  test("gets what it lacks though RDS does not let it be changed at first", async () => {
    const PreferredMaintenanceWindow = "mon:01:00-mon:01:30";
    const wanted = openedOf({ ...opened.backup.native, settings: { ...opened.backup.native.settings, PreferredMaintenanceWindow } });
    const of = await restores();
    world.rds.refuse("ModifyDBInstance", "InvalidDBInstanceState", 2);
    const { made } = await loaded(of, wanted, await allowed(of, wanted, { as: "restored-lacking" }), "lacking");
    expect(await describeInstance(world, "restored-lacking")).toMatchObject({ PreferredMaintenanceWindow });
    expect((await of.prove(wanted, {}, made, aContext())).findings).not.toContainEqual(
      expect.objectContaining({ name: "settings-differ" }),
    );
  });

  test("is given up when it came up broken, and when it takes longer than the target allows", async () => {
    const plan = await allowed(await restores(), opened, { as: "restored-broken" });
    // Somebody approved it a day later, and that is no fault of RDS.
    const execution = { ...executionOf("five"), started: new Date(Date.now() - 24 * 3_600_000) };
    const begun = new Date();
    const first = await step(plan, execution, begun);
    expect(first).toMatchObject({ state: "wait", seconds: 60, note: expect.stringContaining("is being made") });
    world.rds.setInstance(region, "restored-broken", "modifying");
    const after = (hours: number) => step(plan, execution, new Date(begun.getTime() + hours * 3_600_000), first.made);
    const waiting = await after(11.9);
    expect(waiting).toMatchObject({ state: "wait", seconds: 300, note: "instance restored-broken is modifying", made: first.made });
    await expect(after(12.1)).rejects.toMatchObject({
      name: "RestoreSlow",
      message: expect.stringMatching(/12 hours after .*is modifying/),
      hint: expect.stringContaining("more hours"),
    });
    world.rds.setInstance(region, "restored-broken", "incompatible-network");
    await expect(step(plan, execution)).rejects.toMatchObject({
      name: "RestoreFailed",
      message: expect.stringContaining("incompatible-network"),
    });
  });

  test("differs in nothing, and where somebody changed it the proof names what", async () => {
    const of = await restores();
    const { made } = await loaded(of, opened, await allowed(of, opened, { as: "restored-other" }), "six");
    const proof = (more: object) =>
      of.prove(openedOf({ ...opened.backup.native, settings: { ...opened.backup.native.settings, ...more } }), {}, made, aContext());
    expect((await proof({})).findings).toEqual([]);
    expect((await proof({ DBInstanceClass: "db.r7g.large" })).findings).toMatchObject([{ name: "settings-differ", severity: "note" }]);
    await expect(proof({ PubliclyAccessible: true })).rejects.toMatchObject({ name: "RestoredOtherwise" });
  });
});

test("a role that restores can neither delete nor change the original", async () => {
  const { target, surroundings } = { target: targetSchema.parse({}), surroundings: world.surroundings };
  await world.act(rdsKind.needs("restore", targetSchema.parse({ names: "drill-" })));
  const plan = { creates: [{ what: "instance", id: "restored-denied" }], steps: [], needsDisk: 0 };
  const of = restoreAt({ seconds: 0.01, times: 1 })(target, surroundings, { protected: false });
  await expect(of.advance(plan, opened, {}, [], executionOf("seven"), aContext())).rejects.toMatchObject({ name: "RdsDenied" });
  expect(await stands("restored-denied")).toBeUndefined();
});

test("nor, once it is handed over, what it made itself; and it cannot mark that as its own again", async () => {
  const of = await restores();
  const [kept, left] = ["restored-kept", "restored-left"];
  for (const id of [kept, left]) await loaded(of, opened, await allowed(of, opened, { as: id }), id);
  await of.finish([], { id: kept }, aContext());
  await world.act(rdsKind.needs("restore", targetSchema.parse({})));
  const api = new RDSClient({ endpoint: world.rds.endpoint, region });
  const arn = (id: string) => `arn:aws:rds:${region}:000000000000:db:${id}`;
  const changing = (id: string) => [
    () => api.send(new AddTagsToResourceCommand({ ResourceName: arn(id), Tags: [{ Key: EXECUTION, Value: "mine" }] })),
    () => api.send(new RemoveTagsFromResourceCommand({ ResourceName: arn(id), TagKeys: ["holdfast:source"] })),
    () => api.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: id, DeletionProtection: false })),
    () => api.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: id, SkipFinalSnapshot: true })),
  ];
  for (const change of changing(kept)) await expect(change()).rejects.toMatchObject({ name: "AccessDenied" });
  for (const change of changing(left).slice(0, 3)) await change();
  await become(async () => (await stands(left)) === "available");
  await changing(left)[3]?.();
  expect(await stands(kept)).toBe("available");
});

describe("what the backup was", () => {
  test("under a key that is disabled is refused before anything is made, and one that was deleted too", async () => {
    await world.kms.send(new DisableKeyCommand({ KeyId: key }));
    expect(await refusedOf()).toBe("key-unusable");
    await world.api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: opened.backup.native.snapshot.id }));
    expect(await refusedOf()).toBe("snapshot-gone");
  });
});
