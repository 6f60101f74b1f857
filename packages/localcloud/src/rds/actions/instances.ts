import { lasts } from "../clock.ts";
import { isAurora, versionOf } from "../engines.ts";
import { common, faults } from "../faults.ts";
import { addMember, leave } from "../clusters.ts";
import { checkInstanceName, findCluster, findInstance } from "../find.ts";
import { instanceFamily } from "../family.ts";
import type { Action, Call } from "../home.ts";
import { bringDown, bringUp, volumeFor } from "../instances.ts";
import { filtered, paged } from "../list.ts";
import { named } from "../names.ts";
import { instanceSettings } from "../settings.ts";
import { takeSnapshot } from "../snapshots.ts";
import type { Cluster, Instance } from "../state.ts";
import { told } from "../tell.ts";

export const CreateDBInstance: Action = async (call) => {
  const { form, region, home } = call;
  const id = named("DBInstanceIdentifier", form.required("DBInstanceIdentifier"), 63);
  const DBInstanceClass = form.required("DBInstanceClass");
  const engine = form.required("Engine");
  const cluster = form.text("DBClusterIdentifier");
  checkInstanceName(region, id, home);
  if (cluster) return { DBInstance: told(home, joinCluster(call, findCluster(region, cluster), id, engine, DBInstanceClass)) };
  if (isAurora(engine)) throw common.InvalidParameterCombination(`The engine ${engine} needs a DB cluster: give DBClusterIdentifier.`);
  const version = versionOf(home.versions, engine, form.text("EngineVersion"));
  const settings = { ...instanceSettings(call, engine, version), ...(await encryption(call)) };
  const master = { user: form.required("MasterUsername"), password: passwordOf(call), database: form.text("DBName") };
  const volume = volumeFor(home, engine);
  const place = region.place;
  const port = form.number("Port");
  const instance = bringUp(home, { place, id, engine, version, settings, tags: tagsOf(call), master, port, volume, ms: lasts.creating });
  return { DBInstance: told(home, instance) };
};

const tagsOf = ({ form }: Call) => form.tags() as { Key: string; Value: string }[];

/** RDS wants 8 to 128 printable characters without /, " and @. Throws InvalidParameterValue. */
export function checkPassword(password: string): void {
  if (!/^[ -~]{8,128}$/.test(password) || /[/"@ ]/.test(password))
    throw common.InvalidParameterValue("The parameter MasterUserPassword is not a valid password.");
}

export function passwordOf({ form }: Pick<Call, "form">): string {
  const password = form.required("MasterUserPassword");
  checkPassword(password);
  return password;
}

/** Throws KMSKeyNotAccessibleFault, InvalidParameterCombination. */
export async function encryption(call: Call): Promise<{ StorageEncrypted: boolean; KmsKeyId?: string }> {
  const { form, region, home } = call;
  const key = form.text("KmsKeyId");
  const wanted = form.flag("StorageEncrypted");
  if (key && wanted === false) throw common.InvalidParameterCombination("KmsKeyId cannot be specified when StorageEncrypted is false.");
  if (key) return { StorageEncrypted: true, KmsKeyId: await call.useKey(key) };
  return wanted ? { StorageEncrypted: true, KmsKeyId: await home.keys.managed(region.place) } : { StorageEncrypted: false };
}

function joinCluster(call: Call, cluster: Cluster, id: string, engine: string, DBInstanceClass: string): Instance {
  const { form, home } = call;
  const { api } = cluster;
  if (engine !== api.Engine)
    throw common.InvalidParameterCombination(
      `The engine name requested for your DB instance (${engine}) doesn't match the engine name of your DB cluster (${api.Engine}).`,
    );
  if (api.Status !== "available")
    throw faults.InvalidDBClusterStateFault(`DB cluster ${api.DBClusterIdentifier} is not in the available state.`);
  if (DBInstanceClass === "db.serverless" && !api.ServerlessV2ScalingConfiguration)
    throw common.InvalidParameterCombination(
      "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.",
    );
  const own = instanceSettings(call, engine, api.EngineVersion, { DBInstanceClass });
  return addMember(home, cluster, id, { ...own, PromotionTier: form.number("PromotionTier") ?? 1 }, tagsOf(call));
}

export const DescribeDBInstances: Action = ({ form, region, home }) => {
  const id = form.text("DBInstanceIdentifier");
  const wanted = id === undefined ? [...region.instances.values()] : [findInstance(region, id)];
  const kept = filtered(form, wanted, {
    "db-instance-id": ({ api }) => api.DBInstanceIdentifier,
    "db-cluster-id": ({ api }) => api.DBClusterIdentifier,
    "dbi-resource-id": ({ api }) => api.DbiResourceId,
    engine: ({ api }) => api.Engine,
    domain: () => undefined,
  });
  const { page, Marker } = paged(form, kept, ({ api }) => api.DBInstanceIdentifier);
  return { Marker, DBInstances: page.map((instance) => told(home, instance)) };
};

export const DeleteDBInstance: Action = ({ form, region, home }) => {
  const instance = findInstance(region, form.required("DBInstanceIdentifier"));
  const { api } = instance;
  const skip = form.flag("SkipFinalSnapshot") ?? false;
  const final = form.text("FinalDBSnapshotIdentifier");
  form.flag("DeleteAutomatedBackups");
  if (api.DeletionProtection)
    throw common.InvalidParameterCombination("Cannot delete protected DB Instance, please disable deletion protection and try again.");
  if (api.DBInstanceStatus === "deleting")
    throw faults.InvalidDBInstanceState(`Instance ${api.DBInstanceIdentifier} is already being deleted.`);
  const cluster = api.DBClusterIdentifier ? region.clusters.get(api.DBClusterIdentifier) : undefined;
  if (!skip && !final && !cluster)
    throw common.InvalidParameterCombination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
  if (skip && final)
    throw common.InvalidParameterCombination("FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.");
  const taken = final && !cluster ? takeSnapshot({ home, region }, instanceFamily, instance, final, []).taken : undefined;
  bringDown(home, instance, taken, () => {
    dropAutomated(region.snapshots, api.DbiResourceId);
    if (cluster) leave(cluster, api.DBInstanceIdentifier);
  });
  return { DBInstance: told(home, instance) };
};

/** Automated snapshots go with what they are of, unless they are retained, which the double does not do. */
export function dropAutomated(snapshots: Call["region"]["snapshots"], resource: string): void {
  for (const [key, { of, type }] of snapshots) if (of.resource === resource && type === "automated") snapshots.delete(key);
}
