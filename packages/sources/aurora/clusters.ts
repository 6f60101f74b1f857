import {
  CopyDBClusterSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  type DBCluster,
  type DBClusterSnapshot,
  type DBInstance,
  DeleteDBClusterSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  paginateDescribeDBClusterSnapshots,
  paginateDescribeDBInstances,
} from "@aws-sdk/client-rds";
import { type Api, unlessGone, unlessMissing } from "../rds/api.ts";
import type { Database, Snapshot, Snapshots } from "../rds/family.ts";
import { shortened } from "../rds/names.ts";
import { listOf, tagsOf } from "../rds/tags.ts";
import type { Settings } from "./native.ts";
import { isMultiAz, settingsOf } from "./settings.ts";

/** Snapshots of DB clusters. */
export const clusters: Snapshots<Settings> = {
  noun: "cluster",
  quota: "ManualClusterSnapshots",
  encryptable: false,
  called: shortened,
  async database(api, id) {
    const found = await describe(api, id);
    return found && databaseOf(found, await membersOf(api, id));
  },
  async list(api, of, type) {
    const input = { DBClusterIdentifier: of, SnapshotType: type };
    return await api.rds(`listing snapshots of ${of}`, async (client, options) => {
      const found: Snapshot[] = [];
      for await (const page of paginateDescribeDBClusterSnapshots({ client }, input, options))
        found.push(...(page.DBClusterSnapshots ?? []).map(snapshotOf));
      return found;
    });
  },
  async find(api, id) {
    const command = new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: id });
    const found = await unlessMissing(api.rds(`describing the snapshot ${id}`, (client, options) => client.send(command, options)));
    return found?.DBClusterSnapshots?.map(snapshotOf)[0];
  },
  async take(api, of, id, tags) {
    const command = new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: of, DBClusterSnapshotIdentifier: id, Tags: listOf(tags) });
    await api.rds(`taking a snapshot of ${of}`, (client, options) => client.send(command, options));
  },
  async copy(api, from, id, tags, key) {
    const input = { SourceDBClusterSnapshotIdentifier: from.arn, TargetDBClusterSnapshotIdentifier: id, Tags: listOf(tags) };
    const command = new CopyDBClusterSnapshotCommand(key ? { ...input, KmsKeyId: key } : input);
    await api.rds(`copying the snapshot ${from.id}`, (client, options) => client.send(command, options));
  },
  async remove(api, id) {
    const command = new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: id });
    const deleting = api.rds(`deleting the snapshot ${id}`, (client, options) => client.send(command, options));
    await unlessGone(deleting, () => clusters.find(api, id));
  },
};

export async function describe(api: Api, id: string): Promise<DBCluster | undefined> {
  const command = new DescribeDBClustersCommand({ DBClusterIdentifier: id });
  const asking = api.rds(`describing the cluster ${id}`, (client, options) => client.send(command, options));
  return (await unlessMissing(asking))?.DBClusters?.[0];
}

export async function membersOf(api: Api, cluster: string): Promise<DBInstance[]> {
  const input = { Filters: [{ Name: "db-cluster-id", Values: [cluster] }] };
  return await api.rds(`listing instances of ${cluster}`, async (client, options) => {
    const found: DBInstance[] = [];
    for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, input, options)) found.push(...DBInstances);
    return found;
  });
}

function databaseOf(cluster: DBCluster, members: readonly DBInstance[]): Database<Settings> {
  return {
    id: cluster.DBClusterIdentifier ?? "",
    resource: cluster.DbClusterResourceId ?? "",
    status: cluster.Status ?? "unknown",
    engine: cluster.Engine ?? "",
    version: cluster.EngineVersion ?? "",
    encrypted: cluster.StorageEncrypted ?? false,
    key: cluster.KmsKeyId,
    retention: cluster.BackupRetentionPeriod ?? 0,
    maintenance: cluster.PreferredMaintenanceWindow,
    cluster: undefined,
    uncopyable: isMultiAz(cluster) ? "snapshots of Multi-AZ DB clusters cannot be copied" : undefined,
    settings: settingsOf(cluster, members),
  };
}

function snapshotOf(snapshot: DBClusterSnapshot): Snapshot {
  return {
    id: snapshot.DBClusterSnapshotIdentifier ?? "",
    arn: snapshot.DBClusterSnapshotArn ?? "",
    status: snapshot.Status ?? "unknown",
    percent: snapshot.PercentProgress ?? 0,
    of: snapshot.DBClusterIdentifier ?? "",
    resource: snapshot.DbClusterResourceId ?? "",
    engine: snapshot.Engine ?? "",
    version: snapshot.EngineVersion ?? "",
    gigabytes: snapshot.AllocatedStorage ?? 0,
    key: snapshot.StorageEncrypted ? snapshot.KmsKeyId : undefined,
    at: snapshot.SnapshotCreateTime ?? new Date(0),
    tags: tagsOf(snapshot.TagList),
  };
}
