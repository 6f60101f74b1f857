import type { RestorePlan, Want } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { clusterRestores } from "../aurora/clusterrestores.ts";
import { target as clusterTarget } from "../aurora/config.ts";
import type { Settings as ClusterSettings } from "../aurora/native.ts";
import { target as targetSchema } from "./config.ts";
import { instanceRestores } from "./instancerestores.ts";
import { aBackup } from "./kit/anative.ts";
import { planRestore } from "./planrestore.ts";
import { isSameFamily } from "./point.ts";
import type { Facts } from "./survey.ts";

const healthy: Facts = {
  taken: [],
  snapshot: "available",
  key: "Enabled",
  offered: ["16.8", "17.4", "17.5"],
  missing: [],
  unavailable: [],
  version: "17.4",
  room: [{ what: "instance", used: 3, max: 40, needs: 1 }],
  window: { earliest: "2026-11-18T00:00:00.000Z", latest: "2026-11-21T09:55:00.000Z" },
};
const plan = (want: Want = {}, facts: Partial<Facts> = {}, target: object = {}, backup = aBackup()) =>
  planRestore({ restores: instanceRestores, backup, want, facts: { ...healthy, ...facts }, target: targetSchema.parse(target) });

describe("a restore is refused", () => {
  test.each<[string, Want, Partial<Facts>, string, string]>([
    ["of one database", { database: "shop" }, {}, "no-parts", "-dump"],
    ["under the name of what may be somebody's", { as: "shop" }, {}, "name-not-allowed", 'begin with "restored-"'],
    ["under a name that RDS does not take", { as: "restored--shop" }, {}, "name-not-allowed", "single hyphens"],
    ["under a taken name", { as: "restored-shop" }, { taken: ["restored-shop"] }, "target-taken", "another name"],
    ["of a snapshot that was deleted", {}, { snapshot: "gone" }, "snapshot-gone", "another backup"],
    ["of a snapshot that is not ready", {}, { snapshot: "creating" }, "snapshot-not-available", "available"],
    ["where its key is disabled", {}, { key: "Disabled" }, "key-unusable", "Enable it"],
    ["of a version that is not offered", {}, { offered: ["16.8", "17.5", "17.6"] }, "version-not-offered", "modify-db-snapshot"],
    [
      "into a subnet group that is gone",
      {},
      { missing: [{ override: "subnetGroup", name: "inner" }] },
      "group-gone",
      "another subnetGroup in the plan",
    ],
    ["into a class that is not to be had", {}, { unavailable: ["db.m7g.large"] }, "class-not-offered", "instanceClass"],
    ["where the quota is used up", {}, { room: [{ what: "instance", used: 40, max: 40, needs: 1 }] }, "quota-full", "quota raised"],
    [
      "where its instances do not fit though the cluster would",
      {},
      {
        room: [
          { what: "cluster", used: 3, max: 40, needs: 1 },
          { what: "instance", used: 39, max: 40, needs: 2 },
        ],
      },
      "quota-full",
      "quota raised",
    ],
    ["to a time that RDS has not got to yet", { time: "2026-11-21T09:58:00Z" }, {}, "time-not-reached", "every five minutes"],
  ])("%s", (_what, want, facts, name, hint) => {
    expect(plan(want, facts)).toMatchObject({ refused: { name, severity: "refuse", hint: expect.stringContaining(hint) } });
  });

  test("with the versions that there are, of the same major and the newest first", () => {
    expect(plan({}, { offered: ["16.8", "17.5", "17.6"] })).toMatchObject({ refused: { message: expect.stringContaining("17.6, 17.5") } });
    expect(plan({}, { offered: ["18.1"] })).toMatchObject({ refused: { message: expect.stringContaining("but 18.1") } });
  });
});

describe("a restore", () => {
  test("makes one instance under a name that nothing has", () => {
    const taken = ["restored-shop-20261121t020000z"];
    expect(plan({}, { taken })).toMatchObject({
      creates: [{ what: "instance", id: "restored-shop-20261121t020000z-2" }],
      needsDisk: 0,
      steps: expect.arrayContaining([expect.stringContaining("from the snapshot holdfast-shop-20261121t020000z")]),
    });
    expect(plan({ as: "restored-copy" })).toMatchObject({ creates: [{ what: "instance", id: "restored-copy" }] });
  });

  test("goes to a time in the automated window, even if the snapshot is gone, and is named after that time", () => {
    const time = "2026-11-21T09:00:00+01:00";
    const point = { what: "point in time", id: "2026-11-21T08:00:00.000Z", passing: true };
    expect(plan({ time })).toMatchObject({ creates: [{ what: "instance", id: "restored-shop-20261121t080000z" }, point] });
    expect(plan({ time }, { snapshot: "gone" })).toMatchObject({ creates: [{ what: "instance" }, point] });
    expect(plan({ time }, { offered: ["18.1"] })).toMatchObject({ creates: [{ what: "instance" }, point] });
  });

  test("to a time proves nothing about a backup, and its steps say so; one of a backup proves that", () => {
    const { proves, steps } = plan({ time: "2026-11-21T08:00:00Z" }) as RestorePlan;
    expect(proves).toBe(false);
    expect(steps.join("\n")).toContain("from the log of shop up to 2026-11-21T08:00:00.000Z, instead of from a backup");
    expect(steps.at(-1)).toContain("nothing is recorded about a backup");
    const whole = plan() as RestorePlan;
    expect(whole).not.toHaveProperty("proves");
    expect(whole.steps.join("\n")).not.toContain("nothing is recorded");
  });

  test.each([
    ["before the window begins", "2026-11-17T00:00:00Z", {}],
    ["without automated backups", "2026-11-21T08:00:00Z", { window: undefined }],
    ["when the snapshot is of that very moment", "2026-11-21T02:03:04Z", {}],
  ])("is made of the backup %s", (_what, time, facts) => {
    expect(plan({ time }, facts)).toMatchObject({ creates: [{ what: "instance" }] });
    expect((plan({ time }, facts) as RestorePlan).creates).toHaveLength(1);
    expect(plan({ time }, facts)).not.toHaveProperty("proves");
  });

  test("to a time has the settings of a backup that is there for them alone, which is never restored itself", () => {
    const only = (time: string, facts: Partial<Facts> = {}) => plan({ time, settingsOnly: true }, facts);
    const { creates, steps } = only("2026-11-20T08:00:00Z", { snapshot: "gone" }) as RestorePlan;
    expect(creates).toMatchObject([{ what: "instance", id: "restored-shop-20261120t080000z" }, { what: "point in time" }]);
    expect(steps).toContain("give it the settings that the backup 20261121T020000Z recorded");
    expect(only("2026-11-21T02:03:04Z")).toHaveProperty("creates.1.what", "point in time");
    expect(only("2026-11-17T00:00:00Z")).toMatchObject({
      refused: {
        name: "time-not-kept",
        severity: "refuse",
        message: "no usable backup of shop is of 2026-11-17T00:00:00Z or before it, and its log begins at 2026-11-18T00:00:00.000Z",
        hint: expect.stringContaining("Say a time since then"),
      },
    });
    expect(only("2026-11-21T08:00:00Z", { window: undefined })).toMatchObject({
      refused: {
        name: "time-not-kept",
        message: expect.stringContaining("no automated backups"),
        hint: expect.stringContaining('"latest"'),
      },
    });
  });

  test("to a time after a major upgrade has no recorded groups, which fit no more, and says so", () => {
    const { creates, steps } = plan({ time: "2026-11-21T08:00:00Z" }, { upgraded: "18.1" }) as RestorePlan;
    expect(creates.slice(1)).toMatchObject([{ what: "point in time" }, { what: "upgraded to", id: "18.1", passing: true }]);
    expect(steps.join("\n")).toContain(
      "default groups of parameters and options, but for those that the target names: shop has version 18.1",
    );
    expect(steps.join("\n")).not.toContain("upgraded to 18.1");
    expect((plan({}, { upgraded: "18.1" }) as RestorePlan).creates).toHaveLength(1);
    const ungrouped = (target: object) => instanceRestores.ungrouped(aBackup().native.settings, targetSchema.parse(target));
    expect(ungrouped({})).toMatchObject({ DBParameterGroupName: undefined, OptionGroupName: undefined, MultiAZ: true });
    expect(ungrouped({ parameterGroup: "tuned-18" })).toMatchObject({ DBParameterGroupName: "tuned-18" });
  });

  test.each([
    ["postgres", "17.4", "17.5", true],
    ["postgres", "17.4", "18.1", false],
    ["aurora-postgresql", "16.8", "16.9", true],
    ["mysql", "8.0.40", "8.0.41", true],
    ["mysql", "8.0.40", "8.4.3", false],
    ["aurora-mysql", "8.0.mysql_aurora.3.05.2", "8.0.mysql_aurora.3.08.0", true],
    ["aurora-mysql", "5.7.mysql_aurora.2.11.0", "8.0.mysql_aurora.3.08.0", false],
  ])("groups of %s %s fit %s: %s", (engine, one, other, fit) => {
    expect(isSameFamily(engine, one, other)).toBe(fit);
  });

  test("says why it is made of the backup before a time", () => {
    const first = (facts: Partial<Facts>) => (plan({ time: "2026-11-17T00:00:00Z" }, facts) as RestorePlan).steps[0];
    expect(first({})).toBe("take the newest backup before 2026-11-17T00:00:00Z, since the log begins at 2026-11-18T00:00:00.000Z");
    expect(first({ window: undefined })).toBe("take the newest backup before 2026-11-17T00:00:00Z, since there are no automated backups");
  });

  test("takes from the target what that says, and the rest as it was", () => {
    const target = targetSchema.parse({ instanceClass: "db.t4g.micro", multiAz: false, securityGroups: ["sg-b", "sg-a"] });
    expect(instanceRestores.effective(aBackup().native.settings, target)).toEqual({
      ...aBackup().native.settings,
      DBInstanceClass: "db.t4g.micro",
      MultiAZ: false,
      VpcSecurityGroupIds: ["sg-a", "sg-b"],
    });
    const { steps } = plan({}, {}, { instanceClass: "db.t4g.micro" }) as { steps: string[] };
    expect(steps.join()).toContain("but for instanceClass of the target");
  });
});

describe("a restore of a cluster", () => {
  const instance = { PromotionTier: 1, PubliclyAccessible: false, AutoMinorVersionUpgrade: true };
  const settings: ClusterSettings = {
    VpcSecurityGroupIds: [],
    Port: 5432,
    EnableIAMDatabaseAuthentication: false,
    DeletionProtection: false,
    BackupRetentionPeriod: 7,
    CopyTagsToSnapshot: false,
    EnableCloudwatchLogsExports: [],
    instances: [
      { DBInstanceClass: "db.r7g.large", ...instance },
      { DBInstanceClass: "db.serverless", ...instance },
    ],
  };
  const planned = (target: object, offered = healthy.offered) => {
    const { snapshot } = aBackup({ of: "orders", engine: "aurora-postgresql" }).native;
    const backup = { slot: "20261121T020000Z", native: { snapshot, settings } };
    return planRestore({
      restores: clusterRestores,
      backup,
      want: { as: "restored-orders" },
      facts: { ...healthy, offered },
      target: clusterTarget.parse(target),
    });
  };

  test("makes its instances too, as many as the target says", () => {
    const instances = [1, 2].map((number) => ({ what: "instance", id: `restored-orders-${number}` }));
    expect(planned({})).toMatchObject({ creates: [{ what: "cluster", id: "restored-orders" }, ...instances] });
    expect(planned({ instances: 1 })).toMatchObject({ creates: [{ what: "cluster", id: "restored-orders" }, instances[0]] });
  });

  test("comes up with another version where the target names one that is offered", () => {
    expect(planned({}, ["17.5"])).toMatchObject({
      refused: { name: "version-not-offered", hint: expect.stringContaining("engineVersion") },
    });
    expect(planned({ engineVersion: "17.5" }, ["17.5"])).toHaveProperty("creates");
  });

  test("of Serverless v1, which has ended, is refused by that name with what to do", () => {
    const { snapshot } = aBackup({ of: "orders", engine: "aurora-postgresql" }).native;
    const backup = { slot: "20261121T020000Z", native: { snapshot, settings: { ...settings, EngineMode: "serverless", instances: [] } } };
    const asked = { restores: clusterRestores, backup, want: {}, facts: healthy, target: clusterTarget.parse({}) };
    expect(planRestore(asked)).toMatchObject({
      refused: { name: "serverless-v1-ended", severity: "refuse", hint: expect.stringContaining("--engine-mode provisioned") },
    });
  });

  test("finds the same settings whatever order its instances are told in, and other ones different", () => {
    const turned = { ...settings, instances: settings.instances.toReversed() };
    expect(clusterRestores.differences(settings, turned).differ).toEqual([]);
    const other = { ...settings, instances: settings.instances.slice(1) };
    expect(clusterRestores.differences(settings, other).differ).toEqual(["instances"]);
  });
});
