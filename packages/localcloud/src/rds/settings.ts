import type { DBInstance } from "@aws-sdk/client-rds";
import { common } from "./faults.ts";
import {
  DEFAULT_SECURITY_GROUP,
  defaultOptionGroup,
  defaultParameterGroup,
  findOptionGroup,
  findParameterGroup,
  findSubnetGroup,
} from "./groups.ts";
import type { Call } from "./home.ts";
import { isPostgres } from "./engines.ts";

/** What a snapshot or a source brings along when the request does not say it. What is not here comes from RDS's defaults. */
export type Brought = Pick<
  DBInstance,
  | "DBInstanceClass"
  | "AllocatedStorage"
  | "StorageType"
  | "Iops"
  | "StorageThroughput"
  | "LicenseModel"
  | "BackupRetentionPeriod"
  | "PreferredBackupWindow"
  | "IAMDatabaseAuthenticationEnabled"
>;

/** Settings of an instance as the request gives them. Throws the NotFound codes of the groups that it names. */
export function instanceSettings({ form, region }: Call, engine: string, version: string, brought: Brought = {}) {
  const zone = form.text("AvailabilityZone") ?? `${region.place.region}a`;
  return {
    DBInstanceClass: form.text("DBInstanceClass") ?? brought.DBInstanceClass,
    AvailabilityZone: zone,
    ...network({ form, region }),
    DBParameterGroups: [
      {
        DBParameterGroupName: findParameterGroup(region, form.text("DBParameterGroupName") ?? defaultParameterGroup(engine, version)),
        ParameterApplyStatus: "in-sync",
      },
    ],
    OptionGroupMemberships: [
      { OptionGroupName: findOptionGroup(region, form.text("OptionGroupName") ?? defaultOptionGroup(engine, version)), Status: "in-sync" },
    ],
    MultiAZ: form.flag("MultiAZ") ?? false,
    PubliclyAccessible: form.flag("PubliclyAccessible") ?? false,
    ...storage({ form }, brought),
    ...upkeep({ form }, brought),
    LicenseModel:
      form.text("LicenseModel") ?? brought.LicenseModel ?? (isPostgres(engine) ? "postgresql-license" : "general-public-license"),
    IAMDatabaseAuthenticationEnabled: form.flag("EnableIAMDatabaseAuthentication") ?? brought.IAMDatabaseAuthenticationEnabled ?? false,
    DeletionProtection: form.flag("DeletionProtection") ?? false,
    CACertificateIdentifier: form.text("CACertificateIdentifier") ?? "rds-ca-rsa2048-g1",
    ...watching(form),
    PerformanceInsightsEnabled: form.flag("EnablePerformanceInsights") ?? false,
    MonitoringInterval: form.number("MonitoringInterval") ?? 0,
    BackupTarget: inRegion(form),
    EnabledCloudwatchLogsExports: form.texts("EnableCloudwatchLogsExports", "member"),
  };
}

/** Where it stands in a VPC: what a restore that names nothing gets is the default group and the default security group. */
function network({ form, region }: Pick<Call, "form" | "region">) {
  return {
    DBSubnetGroup: findSubnetGroup(region, form.text("DBSubnetGroupName")),
    VpcSecurityGroups: securityGroups({ form }),
    NetworkType: form.text("NetworkType") ?? "IPV4",
  };
}

export function securityGroups({ form }: Pick<Call, "form">) {
  const ids = form.texts("VpcSecurityGroupIds", "VpcSecurityGroupId") ?? [DEFAULT_SECURITY_GROUP];
  return ids.map((VpcSecurityGroupId) => ({ VpcSecurityGroupId, Status: "active" }));
}

function storage({ form }: Pick<Call, "form">, brought: Brought) {
  const wanted = form.number("AllocatedStorage");
  if (wanted !== undefined && wanted < (brought.AllocatedStorage ?? 0))
    throw common.InvalidParameterValue("Invalid storage size: the allocated storage cannot be smaller than that of the source.");
  return {
    AllocatedStorage: wanted ?? brought.AllocatedStorage ?? 20,
    StorageType: form.text("StorageType") ?? brought.StorageType ?? "gp3",
    Iops: form.number("Iops") ?? brought.Iops,
    StorageThroughput: form.number("StorageThroughput") ?? brought.StorageThroughput,
    MaxAllocatedStorage: form.number("MaxAllocatedStorage"),
    DedicatedLogVolume: form.flag("DedicatedLogVolume") ?? false,
  };
}

/** Default retention is one day when the API is used. */
function upkeep({ form }: Pick<Call, "form">, brought: Brought) {
  return {
    BackupRetentionPeriod: retention(form.number("BackupRetentionPeriod") ?? brought.BackupRetentionPeriod ?? 1, 0),
    PreferredBackupWindow: form.text("PreferredBackupWindow") ?? brought.PreferredBackupWindow ?? "03:00-03:30",
    PreferredMaintenanceWindow: form.text("PreferredMaintenanceWindow") ?? "sun:05:00-sun:05:30",
    AutoMinorVersionUpgrade: form.flag("AutoMinorVersionUpgrade") ?? true,
    CopyTagsToSnapshot: form.flag("CopyTagsToSnapshot") ?? false,
    EngineLifecycleSupport: form.text("EngineLifecycleSupport") ?? "open-source-rds-extended-support",
  };
}

/** Throws InvalidParameterValue. */
export function retention(days: number, fewest: 0 | 1): number {
  if (days < fewest || days > 35)
    throw common.InvalidParameterValue(`Invalid backup retention period: ${days}. Must be between ${fewest} and 35.`);
  return days;
}

/** How it is watched; undefined is what the request does not say. */
export function watching(form: Call["form"]) {
  return {
    MonitoringInterval: form.number("MonitoringInterval"),
    MonitoringRoleArn: form.text("MonitoringRoleArn"),
    PerformanceInsightsEnabled: form.flag("EnablePerformanceInsights"),
    PerformanceInsightsKMSKeyId: form.text("PerformanceInsightsKMSKeyId"),
    PerformanceInsightsRetentionPeriod: form.number("PerformanceInsightsRetentionPeriod"),
    DatabaseInsightsMode: form.text("DatabaseInsightsMode") as DBInstance["DatabaseInsightsMode"],
  };
}

/** There are no Outposts here, and no processors to choose. Throws InvalidParameterCombination. */
function inRegion(form: Call["form"]): string {
  const target = form.text("BackupTarget") ?? "region";
  form.flag("UseDefaultProcessorFeatures");
  if (target !== "region" || form.flag("EnableCustomerOwnedIp")) throw common.InvalidParameterCombination("The double has no Outposts.");
  return target;
}
