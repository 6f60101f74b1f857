import type { DBCluster } from "@aws-sdk/client-rds";
import { defaultOptionGroup, defaultParameterGroup, findClusterParameterGroup, findOptionGroup, findSubnetGroup } from "./groups.ts";
import type { Call } from "./home.ts";
import { type Brought, retention, securityGroups, watching } from "./settings.ts";

/** Settings of a cluster as the request gives them; `brought` is what a snapshot or a source brings along. */
export function clusterSettings(
  call: Call,
  engine: string,
  version: string,
  brought: Pick<Brought, "BackupRetentionPeriod" | "PreferredBackupWindow" | "StorageType" | "IAMDatabaseAuthenticationEnabled"> = {},
) {
  const { form, region } = call;
  return {
    AvailabilityZones:
      form.texts("AvailabilityZones", "AvailabilityZone") ?? ["a", "b", "c"].map((zone) => `${region.place.region}${zone}`),
    DBClusterParameterGroup: findClusterParameterGroup(
      region,
      form.text("DBClusterParameterGroupName") ?? defaultParameterGroup(engine, version),
    ),
    DBSubnetGroup: findSubnetGroup(region, form.text("DBSubnetGroupName")).DBSubnetGroupName,
    VpcSecurityGroups: securityGroups({ form }),
    NetworkType: form.text("NetworkType") ?? "IPV4",
    BackupRetentionPeriod: retention(form.number("BackupRetentionPeriod") ?? brought.BackupRetentionPeriod ?? 1, 1),
    PreferredBackupWindow: form.text("PreferredBackupWindow") ?? brought.PreferredBackupWindow ?? "03:00-03:30",
    PreferredMaintenanceWindow: form.text("PreferredMaintenanceWindow") ?? "sun:05:00-sun:05:30",
    IAMDatabaseAuthenticationEnabled: form.flag("EnableIAMDatabaseAuthentication") ?? brought.IAMDatabaseAuthenticationEnabled ?? false,
    DeletionProtection: form.flag("DeletionProtection") ?? false,
    CopyTagsToSnapshot: form.flag("CopyTagsToSnapshot") ?? false,
    StorageType: form.text("StorageType") ?? brought.StorageType ?? "aurora",
    EngineMode: form.text("EngineMode") ?? "provisioned",
    ...optional(call, engine, version),
    AllocatedStorage: form.number("AllocatedStorage") ?? 1,
    AutoMinorVersionUpgrade: form.flag("AutoMinorVersionUpgrade") ?? true,
    EngineLifecycleSupport: form.text("EngineLifecycleSupport") ?? "open-source-rds-extended-support",
    ...scaling(form),
  };
}

function optional({ form, region }: Call, engine: string, version: string) {
  return {
    ...watching(form),
    DBClusterOptionGroupMemberships: [
      {
        DBClusterOptionGroupName: findOptionGroup(region, form.text("OptionGroupName") ?? defaultOptionGroup(engine, version)),
        Status: "in-sync",
      },
    ],
    DBClusterInstanceClass: form.text("DBClusterInstanceClass"),
    Iops: form.number("Iops"),
    PubliclyAccessible: form.flag("PubliclyAccessible"),
    HttpEndpointEnabled: form.flag("EnableHttpEndpoint") ?? false,
    EnabledCloudwatchLogsExports: form.texts("EnableCloudwatchLogsExports", "member"),
  };
}

/** Aurora Serverless v2; nothing when the request does not say it. */
export function scaling(form: Call["form"]): Pick<DBCluster, "ServerlessV2ScalingConfiguration"> {
  const number = (name: string) => form.number(`ServerlessV2ScalingConfiguration.${name}`);
  const MaxCapacity = number("MaxCapacity");
  const rest = { MinCapacity: number("MinCapacity"), SecondsUntilAutoPause: number("SecondsUntilAutoPause") };
  return MaxCapacity === undefined ? {} : { ServerlessV2ScalingConfiguration: { MaxCapacity, ...rest } };
}
