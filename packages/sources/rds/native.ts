import { z } from "zod";
import { count, snapshot, text } from "./schemas.ts";

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
