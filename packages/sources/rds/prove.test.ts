import type { Want } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { clusterRestores } from "../aurora/clusterrestores.ts";
import type { Settings as ClusterSettings } from "../aurora/native.ts";
import { target } from "./config.ts";
import { instanceRestores } from "./instancerestores.ts";
import { aBackup, aNative } from "./kit/anative.ts";
import type { Native } from "./native.ts";
import { POINT, UPGRADED } from "./point.ts";
import { prove } from "./prove.ts";
import type { Standing } from "./restores.ts";

const nobody = () => Promise.reject(new Error("nobody is asked"));
const { settings, snapshot } = aNative;
type Settings = Native["settings"];

/** As it was recorded. */
const same: Standing<Settings> = {
  id: "restored-shop",
  arn: "arn",
  status: "available",
  engine: snapshot.engine,
  version: snapshot.version,
  key: snapshot.key,
  tags: {},
  endpoint: { host: "restored-shop.example", port: 5432 },
  settings,
};
function proof(standing: Partial<Standing<Settings>>, want: Want = {}, plan: object = {}, made = [{ what: "instance", id: same.id }]) {
  const restores = { ...instanceRestores, look: async () => ({ ...same, ...standing }) };
  const surroundings = { region: "eu-central-1", project: "p", scratch: "", layer: String, secrets: nobody, identity: nobody } as never;
  const context = { now: () => new Date(), signal: new AbortController().signal, progress: () => {} };
  const at = { api: { rds: nobody, key: nobody }, restores, target: target.parse(plan), surroundings, context };
  return prove(at, { backup: aBackup() }, want, made);
}
const named = (severity: string, message: unknown) => expect.objectContaining({ name: "settings-differ", severity, message });

test("what came up as it was recorded is told to be so", async () => {
  const { expected, found, findings } = await proof({});
  expect(expected).toBeGreaterThan(10);
  expect(found).toBe(expected);
  expect(findings.map(({ name }) => name)).toEqual(["endpoint"]);
});

describe("what differs is told, and keeps both the restore and the name of its backup:", () => {
  test.each<[string, Partial<Settings>]>([
    ["DBInstanceClass", { DBInstanceClass: "db.r7g.large" }],
    ["BackupRetentionPeriod", { BackupRetentionPeriod: 1 }],
    ["PreferredBackupWindow", { PreferredBackupWindow: "01:02-01:32" }],
    ["EnableCloudwatchLogsExports", { EnableCloudwatchLogsExports: ["audit"] }],
    ["AutoMinorVersionUpgrade", { AutoMinorVersionUpgrade: false }],
    ["OptionGroupName", { OptionGroupName: "others" }],
  ])("%s", async (name, more) => {
    const { expected, found, findings } = await proof({ settings: { ...settings, ...more } });
    expect(found).toBe(expected);
    expect(findings).toContainEqual(named("note", `RDS brought it up otherwise than recorded: ${name}`));
  });

  test("a minor version, which RDS chose", async () => {
    expect((await proof({ version: "17.5" })).findings).toContainEqual(named("note", expect.stringContaining("version 17.5")));
  });
});

describe("what would mislead gives a restore up without a word about the backup, and force keeps it and tells:", () => {
  const differing = (more: Partial<Settings>) => ({ settings: { ...settings, ...more } });
  test.each<[string, Partial<Standing<Settings>>, string]>([
    ["who reaches it", differing({ VpcSecurityGroupIds: ["sg-default"] }), "VpcSecurityGroupIds"],
    ["whether everybody may", differing({ PubliclyAccessible: true }), "PubliclyAccessible"],
    ["where it stands", differing({ DBSubnetGroupName: "outer" }), "DBSubnetGroupName"],
    ["who may log in", differing({ EnableIAMDatabaseAuthentication: false }), "EnableIAMDatabaseAuthentication"],
    ["its parameters", differing({ DBParameterGroupName: "default.postgres17" }), "DBParameterGroupName"],
    ["its key", { key: "arn:aws:kms:eu-central-1:000000000000:key/other" }, "key arn:aws:kms"],
    ["no key", { key: undefined }, "key none"],
    ["its engine", { engine: "mysql" }, "engine mysql"],
    ["its major version", { version: "18.1" }, "version 18.1"],
  ])("%s", async (_what, standing, says) => {
    await expect(proof(standing)).rejects.toMatchObject({
      name: "RestoredOtherwise",
      fault: "input",
      message: expect.stringContaining(`the instance restored-shop came up otherwise than it was recorded: ${says}`),
      hint: expect.stringContaining('"force": true'),
    });
    const { expected, found, findings } = await proof(standing, { force: true });
    expect(found).toBe(expected);
    expect(findings).toContainEqual(named("doubt", expect.stringContaining(says)));
  });

  test("an instance of a cluster that everybody reaches", () => {
    const member = { DBInstanceClass: "db.r7g.large", PromotionTier: 1, PubliclyAccessible: false, AutoMinorVersionUpgrade: true };
    const { MultiAZ: _one, AllocatedStorage: _two, DBInstanceClass: _three, PubliclyAccessible: _four, ...rest } = settings;
    const of = (PubliclyAccessible: boolean): ClusterSettings => ({ ...rest, instances: [member, { ...member, PubliclyAccessible }] });
    const { differ } = clusterRestores.differences(of(false), of(true));
    expect(differ.filter((name) => clusterRestores.misleading.includes(name))).toEqual(["PubliclyAccessible"]);
  });
});

test("a moment comes up with the version and the key of the database itself", async () => {
  const made = [
    { what: "instance", id: same.id },
    { what: POINT, id: "2026-11-21T08:00:00.000Z" },
  ];
  const { findings } = await proof({ version: "18.1", key: undefined }, {}, {}, made);
  expect(findings.map(({ name }) => name)).toEqual(["point-in-time", "endpoint"]);
});

test("a moment of another major version has other groups, which is told", async () => {
  const made = [
    { what: "instance", id: same.id },
    { what: POINT, id: "2026-11-21T08:00:00.000Z" },
  ];
  const other = { settings: { ...settings, DBParameterGroupName: "default.postgres18", OptionGroupName: "default:postgres-18" } };
  await expect(proof(other, {}, {}, made)).rejects.toMatchObject({ name: "RestoredOtherwise" });
  const { findings } = await proof(other, {}, {}, [...made, { what: UPGRADED, id: "18.1" }]);
  expect(findings).toContainEqual(named("note", expect.stringContaining("DBParameterGroupName, OptionGroupName")));
});

test("RDS may take its first backup meanwhile; what is broken is given up", async () => {
  expect((await proof({ status: "backing-up" })).findings.map(({ name }) => name)).toEqual(["endpoint"]);
  await expect(proof({ status: "storage-full" })).rejects.toMatchObject({
    name: "RestoreFailed",
    message: expect.stringContaining("storage-full"),
    hint: expect.stringContaining("RDS console"),
  });
});
