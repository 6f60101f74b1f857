import { randomBytes } from "node:crypto";
import { automate } from "./automated.ts";
import { lasts } from "./clock.ts";
import { isPostgres } from "./engines.ts";
import { begin, type Home } from "./home.ts";
import { arn, type Place } from "./names.ts";
import { porterOf } from "./porter.ts";
import type { Cluster, Database, Instance, InstanceApi } from "./state.ts";
import { emptyVolume, type Master, power, type Volume } from "./volume.ts";

export const HOST = "127.0.0.1";
/** What ends the hosted zone of every instance of eu-central-1; nobody looks it up here. */
export const ZONE = "Z1RLNUO7B9Q6NB";

export type Wish = {
  place: Place;
  id: string;
  engine: string;
  version: string;
  settings: Partial<InstanceApi>;
  tags: { Key: string; Value: string }[];
  master: Master;
  /** The port that the request asks for; taken when it is free. */
  port: number | undefined;
  /** What it starts from; none when its data is the cluster's or there is none. */
  volume: Volume | undefined;
  ms: number;
};

/** Registers an instance in state creating and begins to make it. */
export function bringUp(home: Home, wish: Wish, cluster?: Cluster): Instance {
  const { place, id, master, volume } = wish;
  const instance: Instance = { what: "instance", place, turn: 0, master, volume, api: instanceApi(wish, cluster) };
  home.estate.region(place).instances.set(id, instance);
  begin(home, {
    thing: instance,
    ms: wish.ms,
    work: () => (cluster ? powerCluster(home, cluster) : powerInstance(home, instance, wish.port)),
    done: () => finish(home, instance, cluster),
    failed: () => {
      instance.api.DBInstanceStatus = "failed";
    },
  });
  return instance;
}

async function powerInstance(home: Home, instance: Instance, port: number | undefined): Promise<void> {
  const { volume, master } = instance;
  if (!volume || volume.server) return;
  volume.starting ??= power(home.rack, volume, master, port, porterOf(home, instance));
  await volume.starting;
}

/** The first instance of a cluster brings its server up; the others share it. */
export async function powerCluster(home: Home, cluster: Cluster): Promise<void> {
  const { volume, master, api } = cluster;
  if (!volume || volume.server) return;
  volume.starting ??= power(home.rack, volume, master, api.Port, porterOf(home, cluster));
  await volume.starting;
}

async function finish(home: Home, instance: Instance, cluster: Cluster | undefined): Promise<void> {
  const { api, volume } = instance;
  // A cluster can be taken back to any time since somebody could write; an instance is backing-up until it can.
  if (cluster) await firstBase(home, cluster);
  const door = (cluster?.volume ?? volume)?.door;
  if (cluster && door) cluster.api.Port = door.port;
  api.Endpoint = { Address: HOST, Port: door?.port ?? cluster?.api.Port ?? api.DbInstancePort ?? 0, HostedZoneId: ZONE };
  api.InstanceCreateTime = home.clock.now();
  api.DBInstanceStatus = "available";
  tellCreated(home, instance);
  if (!cluster) await firstBase(home, instance);
}

/** RDS takes one as soon as there is something to back up. */
async function firstBase(home: Home, of: Database): Promise<void> {
  const { volume, api } = of;
  if (!volume || !api.BackupRetentionPeriod) return;
  volume.basing ??= automate(home, of);
  await volume.basing;
}

function tellCreated({ events }: Home, { place, api }: Instance): void {
  events.tell({
    id: "RDS-EVENT-0005",
    type: "RDS DB Instance Event",
    source: "DB_INSTANCE",
    categories: ["creation"],
    message: "DB instance created",
    place,
    kind: "db",
    name: api.DBInstanceIdentifier,
    tags: api.TagList,
  });
}

function instanceApi({ place, id, engine, version, settings, tags, master, port }: Wish, cluster?: Cluster): InstanceApi {
  return {
    DBInstanceIdentifier: id,
    Engine: engine,
    EngineVersion: version,
    DBInstanceStatus: "creating",
    MasterUsername: master.user,
    ...(master.database ? { DBName: master.database } : {}),
    DBSecurityGroups: [],
    PendingModifiedValues: {},
    ReadReplicaDBInstanceIdentifiers: [],
    DomainMemberships: [],
    DbInstancePort: port ?? 0,
    DbiResourceId: `db-${resource()}`,
    DBInstanceArn: arn(place, "db", id),
    CustomerOwnedIpEnabled: false,
    ActivityStreamStatus: "stopped",
    MultiTenant: false,
    ...settings,
    StorageEncrypted: settings.StorageEncrypted ?? false,
    ...(cluster ? { DBClusterIdentifier: cluster.api.DBClusterIdentifier } : {}),
    TagList: tags,
  };
}

export const resource = (): string => randomBytes(16).toString("hex").slice(0, 26).toUpperCase();

/** A new volume for an engine that is really served. */
export const volumeFor = ({ rack }: Home, engine: string): Volume | undefined => (isPostgres(engine) ? emptyVolume(rack) : undefined);

/** Stops the server, `after` that was done, and forgets the instance. */
export function bringDown(home: Home, instance: Instance, after: Promise<unknown> | undefined, gone: () => void): void {
  const { api, volume, place } = instance;
  api.DBInstanceStatus = "deleting";
  begin(home, {
    thing: instance,
    ms: lasts.deleting,
    async work() {
      await after;
      if (volume) await scrap(home, volume);
    },
    done() {
      home.estate.region(place).instances.delete(api.DBInstanceIdentifier);
      gone();
    },
    failed: () => {},
  });
}

/** What is deleted while it comes up, or while its first backup is taken, has a server to stop as soon as that is over. */
export async function scrap({ rack }: Home, volume: Volume): Promise<void> {
  await Promise.allSettled([volume.starting, volume.basing]);
  await volume.door?.close();
  await volume.server?.stop();
  for (const folder of [volume.archive, ...(volume.seed ? [volume.seed.data] : [])]) rack.disk.remove(folder);
}
