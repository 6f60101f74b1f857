import type { DBCluster, DBInstance } from "@aws-sdk/client-rds";
import type { Settings } from "./native.ts";

/** A cluster of an engine that is not Aurora's: it makes its three instances itself. */
export const isMultiAz = ({ Engine = "" }: Pick<DBCluster, "Engine">): boolean => !Engine.startsWith("aurora");

/** The settings of a cluster and of its instances as RDS tells them now. */
export function settingsOf(cluster: DBCluster, members: readonly DBInstance[]): Settings {
  return {
    DBSubnetGroupName: cluster.DBSubnetGroup,
    VpcSecurityGroupIds: (cluster.VpcSecurityGroups ?? []).flatMap(({ VpcSecurityGroupId = [] }) => VpcSecurityGroupId).toSorted(),
    DBClusterParameterGroupName: cluster.DBClusterParameterGroup,
    Port: cluster.Port ?? 0,
    NetworkType: cluster.NetworkType,
    StorageType: cluster.StorageType,
    EngineMode: cluster.EngineMode === "provisioned" ? undefined : cluster.EngineMode,
    ServerlessV2ScalingConfiguration: cluster.ServerlessV2ScalingConfiguration && { ...cluster.ServerlessV2ScalingConfiguration },
    BacktrackWindow: cluster.BacktrackWindow || undefined,
    EnableIAMDatabaseAuthentication: cluster.IAMDatabaseAuthenticationEnabled ?? false,
    DeletionProtection: cluster.DeletionProtection ?? false,
    BackupRetentionPeriod: cluster.BackupRetentionPeriod ?? 0,
    PreferredBackupWindow: cluster.PreferredBackupWindow,
    PreferredMaintenanceWindow: cluster.PreferredMaintenanceWindow,
    CopyTagsToSnapshot: cluster.CopyTagsToSnapshot ?? false,
    EnableCloudwatchLogsExports: (cluster.EnabledCloudwatchLogsExports ?? []).toSorted(),
    EngineLifecycleSupport: cluster.EngineLifecycleSupport,
    ...(isMultiAz(cluster) ? ofMultiAz(cluster) : {}),
    instances: isMultiAz(cluster) ? [] : instancesOf(cluster, members),
  };
}

const ofMultiAz = ({ DBClusterInstanceClass, Iops, PubliclyAccessible }: DBCluster) => ({
  DBClusterInstanceClass,
  Iops: Iops || undefined,
  PubliclyAccessible: PubliclyAccessible ?? false,
});

function instancesOf({ DBClusterMembers = [] }: DBCluster, members: readonly DBInstance[]): Settings["instances"] {
  const writer = DBClusterMembers.find(({ IsClusterWriter }) => IsClusterWriter)?.DBInstanceIdentifier;
  const rank = ({ DBInstanceIdentifier, PromotionTier = 1 }: DBInstance) => (DBInstanceIdentifier === writer ? -1 : PromotionTier);
  return members
    .toSorted((a, b) => rank(a) - rank(b))
    .map((member) => ({
      DBInstanceClass: member.DBInstanceClass ?? "",
      PromotionTier: member.PromotionTier ?? 1,
      DBParameterGroupName: member.DBParameterGroups?.[0]?.DBParameterGroupName,
      PubliclyAccessible: member.PubliclyAccessible ?? false,
      AutoMinorVersionUpgrade: member.AutoMinorVersionUpgrade ?? false,
      PreferredMaintenanceWindow: member.PreferredMaintenanceWindow,
    }));
}
