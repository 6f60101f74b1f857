import { lasts } from "../clock.ts";
import { bringDownCluster, bringUpCluster } from "../clusters.ts";
import { isAurora, versionOf } from "../engines.ts";
import { clusterFamily } from "../family.ts";
import { common, faults } from "../faults.ts";
import { checkClusterName, findCluster } from "../find.ts";
import type { Action } from "../home.ts";
import { volumeFor } from "../instances.ts";
import { filtered, paged } from "../list.ts";
import { named } from "../names.ts";
import { clusterSettings } from "../clustersettings.ts";
import { takeSnapshot } from "../snapshots.ts";
import { toldCluster } from "../tell.ts";
import { dropAutomated, encryption, passwordOf } from "./instances.ts";

export const CreateDBCluster: Action = async (call) => {
  const { form, region, home } = call;
  const id = named("DBClusterIdentifier", form.required("DBClusterIdentifier"), 63);
  const engine = form.required("Engine");
  checkClusterName(region, id, home);
  const version = versionOf(home.versions, engine, form.text("EngineVersion"));
  const settings = { ...clusterSettings(call, engine, version), ...(await encryption(call)) };
  if (!isAurora(engine) && !settings.DBClusterInstanceClass)
    throw common.InvalidParameterCombination(`A Multi-AZ DB cluster of ${engine} needs DBClusterInstanceClass.`);
  const master = { user: form.required("MasterUsername"), password: passwordOf(call), database: form.text("DatabaseName") };
  const tags = form.tags() as { Key: string; Value: string }[];
  const rest = { place: region.place, tags, master, port: form.number("Port"), volume: volumeFor(home, engine), ms: lasts.creating };
  return { DBCluster: toldCluster(home, await bringUpCluster(home, { id, engine, version, settings, ...rest })) };
};

export const DescribeDBClusters: Action = ({ form, region, home }) => {
  const id = form.text("DBClusterIdentifier");
  form.flag("IncludeShared");
  const wanted = id === undefined ? [...region.clusters.values()] : [findCluster(region, id)];
  const kept = filtered(form, wanted, {
    "db-cluster-id": ({ api }) => api.DBClusterIdentifier,
    "db-cluster-resource-id": ({ api }) => api.DbClusterResourceId,
    engine: ({ api }) => api.Engine,
    "clone-group-id": () => undefined,
    domain: () => undefined,
  });
  const { page, Marker } = paged(form, kept, ({ api }) => api.DBClusterIdentifier);
  return { Marker, DBClusters: page.map((cluster) => toldCluster(home, cluster)) };
};

export const DeleteDBCluster: Action = ({ form, region, home }) => {
  const cluster = findCluster(region, form.required("DBClusterIdentifier"));
  const { api } = cluster;
  const skip = form.flag("SkipFinalSnapshot") ?? false;
  const final = form.text("FinalDBSnapshotIdentifier");
  form.flag("DeleteAutomatedBackups");
  if (api.DeletionProtection)
    throw common.InvalidParameterCombination("Cannot delete protected Cluster, please disable deletion protection and try again.");
  if (api.Status === "deleting") throw faults.InvalidDBClusterStateFault(`Cluster ${api.DBClusterIdentifier} is already being deleted.`);
  // Instances are deleted in any state, clusters are not: the Terraform provider waits for these words when it deletes one.
  // https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/rds/cluster.go
  if (api.Status === "creating")
    throw faults.InvalidDBClusterStateFault(`Cluster ${api.DBClusterIdentifier} is not currently in the available state.`);
  const staying = api.DBClusterMembers.filter(
    ({ DBInstanceIdentifier = "" }) => region.instances.get(DBInstanceIdentifier)?.api.DBInstanceStatus !== "deleting",
  );
  if (isAurora(api.Engine) && staying.length > 0)
    throw faults.InvalidDBClusterStateFault("Cluster cannot be deleted, it still contains DB instances in non-deleting state.");
  if (!skip && !final)
    throw common.InvalidParameterCombination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
  if (skip && final)
    throw common.InvalidParameterCombination("FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.");
  const taken = final ? takeSnapshot({ home, region }, clusterFamily, cluster, final, []).taken : undefined;
  bringDownCluster(home, cluster, taken, () => {
    dropAutomated(region.snapshots, api.DbClusterResourceId);
    for (const { DBInstanceIdentifier = "" } of api.DBClusterMembers) region.instances.delete(DBInstanceIdentifier);
  });
  return { DBCluster: toldCluster(home, cluster) };
};
