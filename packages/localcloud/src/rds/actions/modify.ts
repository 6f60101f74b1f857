import { lasts } from "../clock.ts";
import { faults } from "../faults.ts";
import { findCluster, findInstance } from "../find.ts";
import { findClusterParameterGroup, findOptionGroup, findParameterGroup } from "../groups.ts";
import { type Action, begin, type Call } from "../home.ts";
import { scaling } from "../clustersettings.ts";
import { retention, securityGroups, watching } from "../settings.ts";
import type { ClusterApi, Database, InstanceApi } from "../state.ts";
import { told, toldCluster } from "../tell.ts";
import { asAdmin } from "../volume.ts";
import { checkPassword } from "./instances.ts";

/** Changes are applied at once, as with ApplyImmediately; the double has no maintenance window to wait for. */
export const ModifyDBInstance: Action = (call) => {
  const { form, region, home } = call;
  const instance = findInstance(region, form.required("DBInstanceIdentifier"));
  const { api } = instance;
  if (api.DBInstanceStatus !== "available")
    throw faults.InvalidDBInstanceState(`Database instance is not in available state: ${api.DBInstanceStatus}`);
  const changes = given<InstanceApi>({
    ...both(call),
    DBInstanceClass: form.text("DBInstanceClass"),
    AllocatedStorage: form.number("AllocatedStorage"),
    MaxAllocatedStorage: form.number("MaxAllocatedStorage"),
    BackupRetentionPeriod: within(form.number("BackupRetentionPeriod"), 0),
    MultiAZ: form.flag("MultiAZ"),
    PubliclyAccessible: form.flag("PubliclyAccessible"),
    StorageThroughput: form.number("StorageThroughput"),
    LicenseModel: form.text("LicenseModel"),
    PromotionTier: form.number("PromotionTier"),
    CACertificateIdentifier: form.text("CACertificateIdentifier"),
    DBParameterGroups: group(form.text("DBParameterGroupName"), (name) => [
      { DBParameterGroupName: findParameterGroup(region, name), ParameterApplyStatus: "in-sync" },
    ]),
    OptionGroupMemberships: group(form.text("OptionGroupName"), (name) => [
      { OptionGroupName: findOptionGroup(region, name), Status: "in-sync" },
    ]),
  });
  change(call, instance, (status) => {
    Object.assign(api, changes, { DBInstanceStatus: status });
  });
  return { DBInstance: told(home, instance) };
};

export const ModifyDBCluster: Action = (call) => {
  const { form, region, home } = call;
  const cluster = findCluster(region, form.required("DBClusterIdentifier"));
  const { api } = cluster;
  if (api.Status !== "available") throw faults.InvalidDBClusterStateFault(`DB cluster is not in available state: ${api.Status}`);
  const changes = given<ClusterApi>({
    ...both(call),
    ...scaling(form),
    BackupRetentionPeriod: within(form.number("BackupRetentionPeriod"), 1),
    DBClusterParameterGroup: group(form.text("DBClusterParameterGroupName"), (name) => findClusterParameterGroup(region, name)),
  });
  change(call, cluster, (status) => {
    Object.assign(api, changes, { Status: status });
  });
  return { DBCluster: toldCluster(home, cluster) };
};

/** What instances and clusters have alike. */
function both({ form }: Call) {
  form.flag("ApplyImmediately");
  return {
    ...watching(form),
    NetworkType: form.text("NetworkType"),
    EngineLifecycleSupport: form.text("EngineLifecycleSupport"),
    VpcSecurityGroups: form.texts("VpcSecurityGroupIds", "VpcSecurityGroupId") && securityGroups({ form }),
    PreferredBackupWindow: form.text("PreferredBackupWindow"),
    PreferredMaintenanceWindow: form.text("PreferredMaintenanceWindow"),
    IAMDatabaseAuthenticationEnabled: form.flag("EnableIAMDatabaseAuthentication"),
    DeletionProtection: form.flag("DeletionProtection"),
    CopyTagsToSnapshot: form.flag("CopyTagsToSnapshot"),
    AutoMinorVersionUpgrade: form.flag("AutoMinorVersionUpgrade"),
    StorageType: form.text("StorageType"),
    Iops: form.number("Iops"),
  };
}

const within = (days: number | undefined, fewest: 0 | 1) => (days === undefined ? undefined : retention(days, fewest));
const group = <T>(name: string | undefined, find: (name: string) => T) => (name === undefined ? undefined : find(name));

/** Without what the request does not say. */
function given<T>(changes: Partial<Record<keyof T, unknown>>): Partial<T> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function change(call: Call, database: Database, become: (status: string) => void): void {
  const password = call.form.text("MasterUserPassword");
  if (password !== undefined) checkPassword(password);
  become("modifying");
  begin(call.home, {
    thing: database,
    ms: lasts.modifying,
    work: async () => {
      if (password !== undefined) await changePassword(database, password);
    },
    done: () => become("available"),
    failed: () => become("failed"),
  });
}

async function changePassword(database: Database, password: string): Promise<void> {
  const { volume, master } = database;
  if (volume?.server)
    await asAdmin(volume.server, (client) =>
      client.query(`alter role ${client.escapeIdentifier(master.user)} password ${client.escapeLiteral(password)}`),
    );
  database.master = { ...master, password };
}
