import type { DBInstance } from "@aws-sdk/client-rds";
import type { Settings } from "./native.ts";

/** The settings of an instance as RDS tells them now. */
export function settingsOf(instance: DBInstance): Settings {
  return {
    DBInstanceClass: instance.DBInstanceClass ?? "",
    DBSubnetGroupName: instance.DBSubnetGroup?.DBSubnetGroupName,
    VpcSecurityGroupIds: (instance.VpcSecurityGroups ?? []).flatMap(({ VpcSecurityGroupId = [] }) => VpcSecurityGroupId).toSorted(),
    DBParameterGroupName: instance.DBParameterGroups?.[0]?.DBParameterGroupName,
    OptionGroupName: instance.OptionGroupMemberships?.[0]?.OptionGroupName,
    Port: instance.Endpoint?.Port ?? 0,
    MultiAZ: instance.MultiAZ ?? false,
    PubliclyAccessible: instance.PubliclyAccessible ?? false,
    NetworkType: instance.NetworkType,
    ...storageOf(instance),
    LicenseModel: instance.LicenseModel,
    EnableIAMDatabaseAuthentication: instance.IAMDatabaseAuthenticationEnabled ?? false,
    DeletionProtection: instance.DeletionProtection ?? false,
    BackupRetentionPeriod: instance.BackupRetentionPeriod ?? 0,
    PreferredBackupWindow: instance.PreferredBackupWindow,
    PreferredMaintenanceWindow: instance.PreferredMaintenanceWindow,
    AutoMinorVersionUpgrade: instance.AutoMinorVersionUpgrade ?? false,
    CopyTagsToSnapshot: instance.CopyTagsToSnapshot ?? false,
    EnableCloudwatchLogsExports: (instance.EnabledCloudwatchLogsExports ?? []).toSorted(),
    EngineLifecycleSupport: instance.EngineLifecycleSupport,
  };
}

/** What gp3 has below its first threshold (400 GiB for most engines), and refuses to be told there. */
const GP3_BASE = 3000;

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage: RDS tells rates also where a request may not name them. */
function storageOf({ AllocatedStorage = 0, MaxAllocatedStorage, StorageType, Iops, StorageThroughput, DedicatedLogVolume }: DBInstance) {
  const told = StorageType !== "gp3" || Iops !== GP3_BASE;
  return {
    AllocatedStorage,
    MaxAllocatedStorage,
    StorageType,
    Iops: told ? Iops || undefined : undefined,
    StorageThroughput: told ? StorageThroughput || undefined : undefined,
    DedicatedLogVolume: DedicatedLogVolume ?? false,
  };
}
