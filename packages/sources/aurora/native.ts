import { z } from "zod";
import { count, snapshot, text } from "../rds/schemas.ts";

/** One instance of an Aurora cluster, by the names of the API's parameters. */
const instance = z.strictObject({
  DBInstanceClass: text,
  PromotionTier: count,
  DBParameterGroupName: text.optional(),
  PubliclyAccessible: z.boolean(),
  AutoMinorVersionUpgrade: z.boolean(),
  PreferredMaintenanceWindow: text.optional(),
});

/** What a faithful restore needs, by the names of the API's parameters that set it. */
export const settings = z.strictObject({
  DBSubnetGroupName: text.optional(),
  VpcSecurityGroupIds: z.array(text).max(32),
  DBClusterParameterGroupName: text.optional(),
  Port: count,
  NetworkType: text.optional(),
  StorageType: text.optional(),
  /** Undefined for `provisioned`, which is what almost every cluster is, serverless v2 included. */
  EngineMode: text.optional(),
  ServerlessV2ScalingConfiguration: z
    .strictObject({
      MinCapacity: z.number().optional(),
      MaxCapacity: z.number().optional(),
      SecondsUntilAutoPause: z.number().optional(),
    })
    .optional(),
  BacktrackWindow: count.optional(),
  EnableIAMDatabaseAuthentication: z.boolean(),
  DeletionProtection: z.boolean(),
  BackupRetentionPeriod: count,
  PreferredBackupWindow: text.optional(),
  PreferredMaintenanceWindow: text.optional(),
  CopyTagsToSnapshot: z.boolean(),
  EnableCloudwatchLogsExports: z.array(text).max(16),
  EngineLifecycleSupport: text.optional(),
  /** Of a Multi-AZ DB cluster, which makes its instances itself. */
  DBClusterInstanceClass: text.optional(),
  Iops: count.optional(),
  PubliclyAccessible: z.boolean().optional(),
  /** The writer first; of a Multi-AZ DB cluster none. */
  instances: z.array(instance).max(16),
});
export type Settings = z.infer<typeof settings>;

/** What a manifest tells of an aurora backup. */
export const native = z.strictObject({ format: z.literal("holdfast-aurora/1"), snapshot, settings });
export type Native = z.infer<typeof native>;
