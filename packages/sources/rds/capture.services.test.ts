import { DisableKeyCommand } from "@aws-sdk/client-kms";
import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBClustersCommand,
  DescribeDBSnapshotsCommand,
  RemoveTagsFromResourceCommand,
} from "@aws-sdk/client-rds";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { scaled } from "../../localcloud/src/rds/index.ts";
import { captureAt } from "./capture.ts";
import { config } from "./config.ts";
import { rdsKind } from "./kind.ts";
import {
  aContext,
  anInstance,
  become,
  captured,
  describeInstance,
  login,
  openedOf,
  openWorld,
  region,
  slotAt,
  type World,
} from "./kit/world.ts";
import { type Native, native } from "./native.ts";
import { read } from "./read.ts";

/** Instances of MySQL are records without a server, so all of this takes no time. */
const mysql = { Engine: "mysql", DBInstanceClass: "db.m7g.large" };
let world: World;
let key: string;
beforeAll(async () => {
  world = await openWorld(scaled(0.0002));
  key = await world.key();
  await world.api.send(
    new CreateDBParameterGroupCommand({ DBParameterGroupName: "shop-tuned", DBParameterGroupFamily: "mysql8.4", Description: "tuned" }),
  );
  const tuned = { DBParameterGroupName: "shop-tuned", VpcSecurityGroupIds: ["sg-2", "sg-1"], EnableIAMDatabaseAuthentication: true };
  await Promise.all([
    anInstance(world, "shop", { ...mysql, ...tuned, StorageEncrypted: true, KmsKeyId: key }),
    anInstance(world, "plain", mysql),
    anInstance(world, "default-key", { ...mysql, StorageEncrypted: true }),
    anInstance(world, "busy", mysql),
    anInstance(world, "copied", mysql),
    anInstance(world, "shared", mysql),
    anInstance(world, "doubted", mysql),
    anInstance(world, "doomed", mysql),
  ]);
});
afterAll(async () => {
  await world?.end();
  expect(world.rds.failures).toEqual([]);
});
beforeEach(() => Object.assign(world.rds.quotas, { manualSnapshots: 100, snapshotCopies: 20 }));

/** With the rights of that source and no others, or by root, which is quicker. */
async function of(plan: { instance: string; key?: string; wait?: number }, rights: "own" | "all" = "all") {
  const parsed = config.parse(plan);
  await world.act(rights === "own" ? rdsKind.needs("capture", parsed) : undefined);
  return captureAt({ seconds: 0.01 })(parsed, world.surroundings);
}
const snapshotsOf = async (DBInstanceIdentifier: string) => {
  const { DBSnapshots = [] } = await world.api.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier, SnapshotType: "manual" }));
  return DBSnapshots.map(({ DBSnapshotIdentifier = "" }) => DBSnapshotIdentifier);
};
const slot = slotAt("2026-11-21T02:00:00Z");
const named = (instance: string) => `holdfast-${instance}-20261121t020000z`;

describe("a slot's snapshot", () => {
  test("is taken once, however often it is asked for, and is ready when it is available", async () => {
    const capture = await of({ instance: "shop", key }, "own");
    const both = await Promise.all([capture.capture(slot, aContext()), capture.capture(slot, aContext())]);
    expect(both.map(({ state }) => state)).toEqual(["pending", "pending"]);
    const ready = await captured(capture, slot);
    expect(await snapshotsOf("shop")).toEqual([named("shop")]);
    expect(native.parse(await ready.native())).toMatchObject({
      format: "holdfast-rds/1",
      snapshot: { id: named("shop"), of: "shop", engine: "mysql", version: "8.4.6", how: "taken", key },
      settings: { DBParameterGroupName: "shop-tuned", VpcSecurityGroupIds: ["sg-1", "sg-2"], EnableIAMDatabaseAuthentication: true },
    });
    expect(await capture.begun?.(slot.source, aContext())).toEqual([slot.at]);
  });

  test("is found and finished by another process, after its instance was deleted too", async () => {
    await (await of({ instance: "doomed" })).capture(slot, aContext());
    await become(async () => (await describeInstance(world, "doomed"))?.DBInstanceStatus === "available");
    await world.api.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "doomed", SkipFinalSnapshot: true }));
    await become(() =>
      describeInstance(world, "doomed").then(
        () => false,
        () => true,
      ),
    );
    const later = await of({ instance: "doomed" });
    expect(await later.preflight(aContext())).toMatchObject([
      { name: "instance-missing", severity: "note", hint: expect.stringContaining("the backups that stand stay") },
    ]);
    expect(await (await captured(later, slot)).native()).toMatchObject({ settings: { DBInstanceClass: "db.m7g.large" } });
    await expect(later.capture(slotAt("2026-11-21T03:00:00Z"), aContext())).rejects.toMatchObject({
      name: "RdsDatabaseMissing",
      message: "there is no instance doomed",
      hint: expect.stringContaining("deleted or renamed"),
    });
  });

  test("whose settings somebody took away has those of today, and says so", async () => {
    const capture = await of({ instance: "doubted" });
    const at = slotAt("2026-11-21T09:00:00Z", "doubted");
    expect((await captured(capture, at)).findings.map(({ name }) => name)).not.toContain("settings-of-today");
    const { snapshot } = await (await captured(capture, at)).native();
    await world.api.send(new RemoveTagsFromResourceCommand({ ResourceName: snapshot.arn, TagKeys: ["holdfast:settings-1"] }));
    const ready = await captured(capture, at);
    expect(ready.findings).toMatchObject([
      { name: "settings-of-today", severity: "note", message: expect.stringContaining("holdfast-doubted-20261121t090000z") },
      { name: "taken-late" },
    ]);
    expect(await ready.native()).toMatchObject({ settings: { DBInstanceClass: "db.m7g.large" } });
  });

  test("that failed loses the slot for good, and is not taken again", async () => {
    const capture = await of({ instance: "plain" });
    const failing = slotAt("2026-11-21T04:00:00Z");
    await capture.capture(failing, aContext());
    world.rds.setSnapshot(region, "holdfast-plain-20261121t040000z", "failed");
    const lost = {
      state: "lost",
      finding: {
        name: "snapshot-failed",
        severity: "refuse",
        message: "the snapshot holdfast-plain-20261121t040000z ended as failed, so this slot stays without a backup",
        hint: expect.stringContaining("events of plain in the RDS console"),
      },
    };
    expect(await capture.capture(failing, aContext())).toEqual(lost);
    expect(await capture.capture(failing, aContext())).toEqual(lost);
    expect(await snapshotsOf("plain")).toEqual(["holdfast-plain-20261121t040000z"]);
  });

  test("that failed on the way to a copy under another key, or as that copy, loses the slot too", async () => {
    const capture = await of({ instance: "copied", key });
    const raw = "holdfastraw-copied-20261121t020000z";
    await capture.capture(slot, aContext());
    world.rds.setSnapshot(region, raw, "failed");
    expect(await capture.capture(slot, aContext())).toMatchObject({ state: "lost", finding: { message: expect.stringContaining(raw) } });
    world.rds.setSnapshot(region, raw, "available");
    expect(await capture.capture(slot, aContext())).toMatchObject({ state: "pending" });
    world.rds.setSnapshot(region, named("copied"), "failed");
    expect(await capture.capture(slot, aContext())).toMatchObject({
      state: "lost",
      finding: { message: expect.stringContaining(named("copied")) },
    });
    expect(await snapshotsOf("copied")).toEqual([named("copied"), raw]);
  });

  test("that somebody deleted before it was written down is begun no more, and taken anew, late, when the slot is asked for", async () => {
    const capture = await of({ instance: "copied" });
    // The last test's snapshot may still be in the making.
    await become(async () => (await describeInstance(world, "copied"))?.DBInstanceStatus === "available");
    const vanishing = slotAt("2026-11-21T05:00:00Z", "vanishing");
    await capture.capture(vanishing, aContext());
    world.rds.setSnapshot(region, "holdfast-copied-20261121t050000z", "available");
    expect(await capture.begun?.("vanishing", aContext())).toEqual([vanishing.at]);
    await world.api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: "holdfast-copied-20261121t050000z" }));
    expect(await capture.begun?.("vanishing", aContext())).toEqual([]);
    await become(async () => (await describeInstance(world, "copied"))?.DBInstanceStatus === "available");
    expect((await captured(capture, vanishing)).findings).toMatchObject([
      { name: "taken-late", severity: "note", message: expect.stringContaining("hours after its slot") },
    ]);
  });

  test.each([
    ["an hour after it was begun is lost, and no other is taken in its place", 61, "lost"],
    ["minutes after it was begun may only not be listed yet, and is asked for again", 10, "pending"],
  ])("that is not to be found %s", async (_, minutes, state) => {
    const capture = await of({ instance: "doubted" });
    const now = new Date("2026-11-21T06:00:00Z");
    const begun = new Date(now.getTime() - minutes * 60_000);
    const answer = await capture.capture({ ...slotAt("2026-11-21T05:00:00Z", "doubted"), begun }, { ...aContext(), now: () => now });
    expect(answer.state).toBe(state);
    expect((await snapshotsOf("doubted")).includes("holdfast-doubted-20261121t050000z")).toBe(state === "pending");
    if (answer.state === "lost")
      expect(answer.finding).toMatchObject({
        name: "snapshot-vanished",
        severity: "refuse",
        message: expect.stringContaining("the snapshot of doubted that was begun at 2026-11-21T04:59:00.000Z is gone"),
        hint: expect.stringContaining("DeleteDBSnapshot"),
      });
  });

  test("is not another deployment's of the same project, source and slot: each has its own and finds that alone", async () => {
    const at = slotAt("2026-11-21T14:00:00Z");
    const by = (project: string) => captureAt({ seconds: 0.01 })(config.parse({ instance: "shared" }), { ...world.surroundings, project });
    const [dev, prod] = [by("acme-dev"), by("acme-prod")];
    const ids: string[] = [];
    for (const capture of [dev, prod]) {
      ids.push((await (await captured(capture, at)).native()).snapshot.id);
      await become(async () => (await describeInstance(world, "shared"))?.DBInstanceStatus === "available");
    }
    expect(ids).toEqual(["holdfast-shared-20261121t140000z", "holdfast-shared-20261121t140000z-2"]);
    await world.api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: ids[0] }));
    expect(await dev.begun?.(at.source, aContext())).toEqual([]);
    expect(await prod.begun?.(at.source, aContext())).toEqual([at.at]);
    expect(await (await captured(prod, at)).native()).toMatchObject({ snapshot: { id: ids[1] } });
  });

  test("has another name where somebody else's has that", async () => {
    await become(async () => (await describeInstance(world, "plain"))?.DBInstanceStatus === "available");
    await world.api.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: "plain", DBSnapshotIdentifier: named("plain") }));
    await become(async () => (await describeInstance(world, "plain"))?.DBInstanceStatus === "available");
    const capture = await of({ instance: "plain" });
    expect(await (await captured(capture, slot)).native()).toMatchObject({ snapshot: { id: `${named("plain")}-2` } });
    expect(await capture.begun?.(slot.source, aContext())).toEqual([slot.at, new Date("2026-11-21T04:00:00Z")]);
  });

  test("is not another source's of the same database", async () => {
    const capture = await of({ instance: "plain" });
    await become(async () => (await describeInstance(world, "plain"))?.DBInstanceStatus === "available");
    expect(await (await captured(capture, slotAt(slot.at.toISOString(), "another"))).native()).toMatchObject({
      snapshot: { id: `${named("plain")}-3` },
    });
  });

  test("for which the quota leaves no room is refused by that name", async () => {
    world.rds.quotas.manualSnapshots = 3;
    const capture = await of({ instance: "busy" });
    expect(await capture.preflight(aContext())).toContainEqual(expect.objectContaining({ name: "snapshot-quota-full" }));
    await expect(capture.capture(slot, aContext())).rejects.toMatchObject({
      name: "SnapshotQuotaFull",
      fault: "input",
      hint: expect.stringContaining("Keep fewer snapshots in the plan"),
    });
  });

  test("is taken in spite of throttling", async () => {
    world.rds.refuse("CreateDBSnapshot", "Throttling");
    expect(await (await of({ instance: "busy" })).capture(slot, aContext())).toMatchObject({ state: "pending" });
    await become(async () => (await describeInstance(world, "busy"))?.DBInstanceStatus === "available");
  });

  test("cannot be of an instance that is part of a cluster, which says what to write instead", async () => {
    await world.api.send(new CreateDBClusterCommand({ DBClusterIdentifier: "orders", Engine: "aurora-mysql", ...login }));
    const described = () => world.api.send(new DescribeDBClustersCommand({ DBClusterIdentifier: "orders" }));
    await become(async () => (await described()).DBClusters?.[0]?.Status === "available");
    const member = {
      DBInstanceIdentifier: "orders-1",
      DBClusterIdentifier: "orders",
      Engine: "aurora-mysql",
      DBInstanceClass: "db.r7g.large",
    };
    await world.api.send(new CreateDBInstanceCommand(member));
    await expect((await of({ instance: "orders-1" })).capture(slot, aContext())).rejects.toMatchObject({
      name: "InstanceOfCluster",
      hint: expect.stringContaining('cluster: "orders"'),
    });
  });
});

test("a role can snapshot its own instance and no other", async () => {
  await world.act(rdsKind.needs("capture", config.parse({ instance: "busy" })));
  const other = captureAt({ seconds: 0.01 })(config.parse({ instance: "shop" }), world.surroundings);
  await expect(other.capture(slotAt("2026-11-23T02:00:00Z"), aContext())).rejects.toMatchObject({ name: "RdsDenied" });
});

describe("an instance that cannot be snapshotted", () => {
  const at = (time: string) => slotAt(`2026-11-21T${time}:00Z`, "busy");
  const name = (time: string) => `holdfast-busy-20261121t${time.replace(":", "")}00z`;

  test("is waited for while its state passes by itself", async () => {
    const capture = await of({ instance: "busy", wait: 10 });
    world.rds.setInstance(region, "busy", "modifying");
    const now = slotAt(new Date(Math.floor(Date.now() / 1000) * 1000).toISOString(), "busy");
    const capturing = capture.capture(now, aContext());
    setTimeout(() => world.rds.setInstance(region, "busy", "available"), 100);
    expect(await capturing).toMatchObject({ state: "pending" });
    expect(await (await captured(capture, now)).native()).toMatchObject({ snapshot: { how: "taken" } });
  });

  test("and has no automated snapshot either is named with its state", async () => {
    world.rds.setInstance(region, "busy", "storage-full");
    const capture = await of({ instance: "busy" });
    expect(await capture.preflight(aContext())).toContainEqual(
      expect.objectContaining({ name: "database-not-available", hint: expect.stringContaining("more storage") }),
    );
    await expect(capture.capture(at("05:00"), aContext())).rejects.toMatchObject({
      name: "NothingToCopy",
      message: expect.stringContaining("is storage-full, so no snapshot can be taken, and there is no automated snapshot"),
      hint: expect.stringContaining("state available"),
    });
    world.rds.setInstance(region, "busy", "available");
  });

  test.each([
    ["modifying", "06:00", "waits for it some minutes"],
    ["storage-full", "07:00", "Give it more storage"],
    ["incompatible-parameters", "08:00", "Correct its parameter group"],
    ["stopped", "09:00", "Start it, or leave it"],
  ])("because it is %s has its newest automated snapshot copied, and that is told", async (status, time, hint) => {
    await world.rds.automate(region, "busy");
    const newest = await world.rds.automate(region, "busy");
    await become(async () => (await describeInstance(world, "busy"))?.DBInstanceStatus === "available");
    world.rds.setInstance(region, "busy", status);
    const capture = await of({ instance: "busy", wait: 0 }, "own");
    expect(await capture.preflight(aContext())).toContainEqual(
      expect.objectContaining({ name: "database-not-available", hint: expect.stringContaining(hint) }),
    );
    const ready = await captured(capture, at(time));
    expect(await ready.native()).toMatchObject({ snapshot: { id: name(time), how: "copied", taken: await takenOf(newest) } });
    expect(ready.findings).toMatchObject([
      { name: "automated-copied", severity: "note", message: expect.stringContaining(`was ${status}`) },
    ]);
    world.rds.setInstance(region, "busy", "available");
  });

  test("has the copy of it under its own key, on which its role has rights where the plan names it", async () => {
    await world.rds.automate(region, "shop");
    await become(async () => (await describeInstance(world, "shop"))?.DBInstanceStatus === "available");
    world.rds.setInstance(region, "shop", "stopped");
    const then = slotAt("2026-11-21T13:00:00Z");
    await expect((await of({ instance: "shop" }, "own")).capture(then, aContext())).rejects.toMatchObject({ name: "KeyNotUsable" });
    const ready = await captured(await of({ instance: "shop", key }, "own"), then);
    expect(await ready.native()).toMatchObject({ snapshot: { how: "copied", key } });
    world.rds.setInstance(region, "shop", "available");
  });

  test("is tried again where too many copies are under way for the automated one", async () => {
    world.rds.setInstance(region, "busy", "storage-full");
    world.rds.quotas.snapshotCopies = 0;
    const capture = await of({ instance: "busy" });
    await expect(capture.capture(at("10:00"), aContext())).rejects.toMatchObject({
      name: "CopiesInLine",
      fault: "world",
      hint: expect.stringContaining("waits in line"),
    });
    world.rds.quotas.snapshotCopies = 20;
    expect(await capture.capture(at("10:00"), aContext())).toMatchObject({ state: "pending" });
    world.rds.setInstance(region, "busy", "available");
  });

  test("for so long that the automated snapshot is old gives rise to doubt", async () => {
    world.rds.setInstance(region, "busy", "storage-full");
    const later = slotAt("2027-01-01T00:00:00Z", "busy");
    expect((await captured(await of({ instance: "busy" }), later)).findings).toMatchObject([
      { name: "automated-copied", severity: "doubt" },
    ]);
    world.rds.setInstance(region, "busy", "available");
  });
});

describe("a snapshot that is not under a key of one's own", () => {
  test.each(["default-key", "plain"])("is encrypted anew under the plan's (%s), and what it was copied from goes", async (instance) => {
    await become(async () => (await describeInstance(world, instance))?.DBInstanceStatus === "available");
    const capture = await of({ instance, key }, "own");
    const at = slotAt("2026-11-21T10:00:00Z", instance);
    const before = await snapshotsOf(instance);
    await capture.capture(at, aContext());
    expect((await snapshotsOf(instance)).filter((id) => !before.includes(id))).toEqual([`holdfastraw-${instance}-20261121t100000z`]);
    expect(await (await captured(capture, at)).native()).toMatchObject({ snapshot: { key, how: "taken" } });
    expect((await snapshotsOf(instance)).filter((id) => !before.includes(id))).toEqual([`holdfast-${instance}-20261121t100000z`]);
  });

  test("waits in line where too many copies are under way, which has the same code as the quota of snapshots", async () => {
    world.rds.quotas.snapshotCopies = 0;
    const capture = await of({ instance: "plain", key });
    const at = slotAt("2026-11-21T11:00:00Z", "plain");
    await capture.capture(at, aContext());
    await become(
      async () => (await capture.capture(at, aContext()).then((it) => "note" in it && it.note))?.toString().includes("in line") ?? false,
    );
    world.rds.quotas.snapshotCopies = 20;
    expect(await (await captured(capture, at)).native()).toMatchObject({ snapshot: { key } });
  });

  test("is told of beforehand where the plan has no key, and its copy is refused by name where the key cannot be used", async () => {
    expect(await (await of({ instance: "plain" })).preflight(aContext())).toMatchObject([{ name: "unencrypted" }]);
    expect(await (await of({ instance: "default-key" })).preflight(aContext())).toMatchObject([{ name: "default-key" }]);
    expect(await (await of({ instance: "default-key", key })).preflight(aContext())).toEqual([]);
    expect(await (await of({ instance: "shop", key })).preflight(aContext())).toEqual([]);
    expect(await (await of({ instance: "shop" })).preflight(aContext())).toMatchObject([{ name: "key-not-in-plan" }]);
    const gone = await world.key();
    await world.kms.send(new DisableKeyCommand({ KeyId: gone }));
    const capture = await of({ instance: "plain", key: gone });
    expect(await capture.preflight(aContext())).toMatchObject([
      { name: "plan-key-unusable", message: `the plan's key ${gone} is Disabled`, hint: expect.stringContaining("Enable it") },
    ]);
    await expect(captured(capture, slotAt("2026-11-21T12:00:00Z", "plain"))).rejects.toMatchObject({ name: "KeyNotUsable" });
  });

  test("is not copied under a key that its account does not let be used, which says so by name; what was taken stays", async () => {
    const strangers = await world.key();
    world.rds.refusedKeys.add(strangers);
    const capture = await of({ instance: "plain", key: strangers });
    const at = slotAt("2026-11-21T15:00:00Z", "plain");
    await expect(captured(capture, at)).rejects.toMatchObject({
      name: "KeyNotUsable",
      hint: expect.stringContaining("let its policy allow this account's IAM (kms:CreateGrant"),
    });
    expect(await capture.begun?.("plain", aContext())).toContainEqual(at.at);
    world.rds.refusedKeys.delete(strangers);
    expect(await (await captured(capture, at)).native()).toMatchObject({ snapshot: { key: strangers } });
  });

  test("whose copy RDS refuses is named with what RDS says, and copied when it no longer refuses", async () => {
    const capture = await of({ instance: "plain", key });
    const at = slotAt("2026-11-21T16:00:00Z", "plain");
    world.rds.refuse("CopyDBSnapshot", "InvalidParameterCombination", 1, "the option group has a persistent option");
    await expect(captured(capture, at)).rejects.toMatchObject({
      name: "RdsRefused",
      code: "InvalidParameterCombination",
      message: expect.stringContaining("the option group has a persistent option"),
      hint: expect.stringContaining("Change what it names"),
    });
    expect(await (await captured(capture, at)).native()).toMatchObject({ snapshot: { key } });
  });
});

describe("a snapshot is present", () => {
  let of: Native;
  const readBack = async (previous = of) => {
    await world.act(rdsKind.needs("read"));
    return await read(world.surroundings).read(openedOf(of), openedOf(previous), aContext());
  };
  beforeAll(async () => {
    const own = await world.key();
    await anInstance(world, "keyed", { ...mysql, StorageEncrypted: true, KmsKeyId: own });
    await world.act(rdsKind.needs("capture", config.parse({ instance: "keyed" })));
    const capture = captureAt({ seconds: 0.01 })(config.parse({ instance: "keyed" }), world.surroundings);
    of = native.parse(await (await captured(capture, slotAt("2026-11-21T02:00:00Z", "keyed"))).native());
  });

  test("when it is there as it was taken", async () => {
    expect(await readBack()).toEqual([]);
  });

  test("no more when it is not available, when its key is disabled, and when somebody deleted it", async () => {
    world.rds.setSnapshot(region, of.snapshot.id, "failed");
    expect(await readBack()).toMatchObject([{ name: "snapshot-not-available", severity: "refuse" }]);
    world.rds.setSnapshot(region, of.snapshot.id, "available");
    await world.kms.send(new DisableKeyCommand({ KeyId: of.snapshot.key }));
    expect(await readBack()).toMatchObject([
      { name: "snapshot-key-unusable", severity: "refuse", hint: expect.stringContaining("Enable it or cancel its deletion") },
    ]);
    await world.api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: of.snapshot.id }));
    expect(await readBack()).toMatchObject([
      { name: "snapshot-gone", severity: "refuse", hint: expect.stringContaining("Restore another backup; snapshots have no lock") },
    ]);
  });
});

async function takenOf(DBSnapshotIdentifier: string): Promise<string | undefined> {
  const { DBSnapshots = [] } = await world.api.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }));
  return DBSnapshots[0]?.OriginalSnapshotCreateTime?.toISOString();
}
