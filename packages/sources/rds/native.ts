import { z } from "zod";

const text = z.string().max(255);
const count = z.number().int().nonnegative();

/** The snapshot that the backup is. */
const snapshot = z.strictObject({
  arn: z.string().max(512),
  id: text,
  /** The database's identifier, and the id that tells it from another one of the same name. */
  of: text,
  resource: text,
  engine: text,
  version: text,
  /** Of an instance what is allocated, of Aurora about what is used. */
  gigabytes: count,
  /** The key's ARN; undefined where it is unencrypted. */
  key: z.string().max(512).optional(),
  /** When its data are from. */
  taken: z.iso.datetime(),
  /** `copied`: of the newest automated snapshot, because the database could not be snapshotted then. */
  how: z.enum(["taken", "copied"]),
});

/** What a faithful restore needs, by the names of the API's parameters that set it. */
export const settings = z.strictObject({
  DBInstanceClass: text,
  DBSubnetGroupName: text.optional(),
  VpcSecurityGroupIds: z.array(text).max(32),
  DBParameterGroupName: text.optional(),
  OptionGroupName: text.optional(),
  Port: count,
  MultiAZ: z.boolean(),
  PubliclyAccessible: z.boolean(),
  NetworkType: text.optional(),
  AllocatedStorage: count,
  MaxAllocatedStorage: count.optional(),
  StorageType: text.optional(),
  Iops: count.optional(),
  StorageThroughput: count.optional(),
  DedicatedLogVolume: z.boolean(),
  LicenseModel: text.optional(),
  EnableIAMDatabaseAuthentication: z.boolean(),
  DeletionProtection: z.boolean(),
  BackupRetentionPeriod: count,
  PreferredBackupWindow: text.optional(),
  PreferredMaintenanceWindow: text.optional(),
  AutoMinorVersionUpgrade: z.boolean(),
  CopyTagsToSnapshot: z.boolean(),
  EnableCloudwatchLogsExports: z.array(text).max(16),
  EngineLifecycleSupport: text.optional(),
});
export type Settings = z.infer<typeof settings>;

/** What a manifest tells of an rds backup. */
export const native = z.strictObject({ format: z.literal("holdfast-rds/1"), snapshot, settings });
export type Native = z.infer<typeof native>;
