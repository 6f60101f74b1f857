import {
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  type DBSnapshot,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  paginateDescribeDBSnapshots,
} from "@aws-sdk/client-rds";
import { type Api, unlessGone, unlessMissing } from "./api.ts";
import type { Database, Snapshot, Snapshots } from "./family.ts";
import type { Settings } from "./native.ts";
import { settingsOf } from "./settings.ts";
import { listOf, tagsOf } from "./tags.ts";

/** Snapshots of DB instances. */
export const instances: Snapshots<Settings> = {
  noun: "instance",
  quota: "ManualSnapshots",
  encryptable: true,
  called: (id) => id,
  async database(api, id) {
    const found = await unlessMissing(describe(api, id));
    return found && databaseOf(found);
  },
  async list(api, of, type) {
    const input = { DBInstanceIdentifier: of, SnapshotType: type };
    return await api.rds(`listing snapshots of ${of}`, async (client, options) => {
      const found: Snapshot[] = [];
      for await (const page of paginateDescribeDBSnapshots({ client }, input, options))
        found.push(...(page.DBSnapshots ?? []).map(snapshotOf));
      return found;
    });
  },
  async find(api, id) {
    const command = new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id });
    const found = await unlessMissing(api.rds(`describing the snapshot ${id}`, (client, options) => client.send(command, options)));
    return found?.DBSnapshots?.map(snapshotOf)[0];
  },
  async take(api, of, id, tags) {
    const command = new CreateDBSnapshotCommand({ DBInstanceIdentifier: of, DBSnapshotIdentifier: id, Tags: listOf(tags) });
    await api.rds(`taking a snapshot of ${of}`, (client, options) => client.send(command, options));
  },
  async copy(api, from, id, tags, key) {
    const input = { SourceDBSnapshotIdentifier: from.arn, TargetDBSnapshotIdentifier: id, Tags: listOf(tags) };
    const command = new CopyDBSnapshotCommand(key ? { ...input, KmsKeyId: key } : input);
    await api.rds(`copying the snapshot ${from.id}`, (client, options) => client.send(command, options));
  },
  async remove(api, id) {
    const command = new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id });
    const deleting = api.rds(`deleting the snapshot ${id}`, (client, options) => client.send(command, options));
    await unlessGone(deleting, () => instances.find(api, id));
  },
};

async function describe(api: Api, id: string): Promise<DBInstance | undefined> {
  const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id });
  const { DBInstances } = await api.rds(`describing the instance ${id}`, (client, options) => client.send(command, options));
  return DBInstances?.[0];
}

function databaseOf(instance: DBInstance): Database<Settings> {
  return {
    id: instance.DBInstanceIdentifier ?? "",
    resource: instance.DbiResourceId ?? "",
    status: instance.DBInstanceStatus ?? "unknown",
    engine: instance.Engine ?? "",
    version: instance.EngineVersion ?? "",
    encrypted: instance.StorageEncrypted ?? false,
    key: instance.KmsKeyId,
    retention: instance.BackupRetentionPeriod ?? 0,
    maintenance: instance.PreferredMaintenanceWindow,
    cluster: instance.DBClusterIdentifier,
    uncopyable: undefined,
    settings: settingsOf(instance),
  };
}

function snapshotOf(snapshot: DBSnapshot): Snapshot {
  return {
    id: snapshot.DBSnapshotIdentifier ?? "",
    arn: snapshot.DBSnapshotArn ?? "",
    status: snapshot.Status ?? "unknown",
    percent: snapshot.PercentProgress ?? 0,
    of: snapshot.DBInstanceIdentifier ?? "",
    resource: snapshot.DbiResourceId ?? "",
    engine: snapshot.Engine ?? "",
    version: snapshot.EngineVersion ?? "",
    gigabytes: snapshot.AllocatedStorage ?? 0,
    key: snapshot.Encrypted ? snapshot.KmsKeyId : undefined,
    at: snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime ?? new Date(0),
    tags: tagsOf(snapshot.TagList),
  };
}
