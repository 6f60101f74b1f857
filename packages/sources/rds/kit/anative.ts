import type { Backup } from "@holdfast/core";
import type { Native } from "../native.ts";

/** A backup as a manifest tells it. */
export const aNative: Native = {
  format: "holdfast-rds/1",
  snapshot: {
    arn: "arn:aws:rds:eu-central-1:000000000000:snapshot:holdfast-shop-20261121t020000z",
    id: "holdfast-shop-20261121t020000z",
    of: "shop",
    resource: "db-ONE",
    engine: "postgres",
    version: "17.4",
    gigabytes: 100,
    key: "arn:aws:kms:eu-central-1:000000000000:key/one",
    taken: "2026-11-21T02:03:04.000Z",
    how: "taken",
  },
  settings: {
    DBInstanceClass: "db.m7g.large",
    DBSubnetGroupName: "inner",
    VpcSecurityGroupIds: ["sg-1"],
    DBParameterGroupName: "tuned",
    OptionGroupName: "default:postgres-17",
    Port: 5432,
    MultiAZ: true,
    PubliclyAccessible: false,
    AllocatedStorage: 100,
    StorageType: "gp3",
    DedicatedLogVolume: false,
    EnableIAMDatabaseAuthentication: true,
    DeletionProtection: true,
    BackupRetentionPeriod: 7,
    AutoMinorVersionUpgrade: true,
    CopyTagsToSnapshot: false,
    EnableCloudwatchLogsExports: [],
  },
};

export function aBackup(snapshot: Partial<Native["snapshot"]> = {}): Backup<Native> {
  const native = { ...aNative, snapshot: { ...aNative.snapshot, ...snapshot } };
  return { source: "shop", slot: "20261121T020000Z", manifestSha256: "0".repeat(64), artifacts: [], native };
}
