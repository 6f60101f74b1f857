import { lasts } from "./clock.ts";
import { isAurora } from "./engines.ts";
import { begin, type Home } from "./home.ts";
import { bringUp, HOST, powerCluster, resource, scrap, ZONE } from "./instances.ts";
import { arn, type Place } from "./names.ts";
import { bindable, freePorts } from "../services/index.ts";
import type { Cluster, ClusterApi, Instance } from "./state.ts";
import type { Master, Volume } from "./volume.ts";

export type ClusterWish = {
  place: Place;
  id: string;
  engine: string;
  version: string;
  settings: Partial<ClusterApi>;
  tags: { Key: string; Value: string }[];
  master: Master;
  port: number | undefined;
  volume: Volume | undefined;
  ms: number;
};

/**
 * Registers a cluster in state creating and begins to make it. An Aurora cluster has an endpoint at once and nothing behind it until its
 * first instance is made; a Multi-AZ DB cluster makes its three instances itself.
 */
export async function bringUpCluster(home: Home, wish: ClusterWish): Promise<Cluster> {
  const { place, id, engine, master, volume } = wish;
  // An endpoint that was told must not move when its first instance comes up: a port that somebody has is known to be taken now.
  const [Port = 0] = wish.port && (await bindable(wish.port)) ? [wish.port] : await freePorts(1);
  const cluster: Cluster = { what: "cluster", place, turn: 0, master, volume, api: clusterApi(home, wish, Port) };
  home.estate.region(place).clusters.set(id, cluster);
  begin(home, {
    thing: cluster,
    ms: wish.ms,
    work: async () => (isAurora(engine) ? undefined : await powerCluster(home, cluster)),
    async done() {
      cluster.api.Status = "available";
      tellCreated(home, cluster);
      if (!isAurora(engine)) addThree(home, cluster);
    },
    failed() {
      cluster.api.Status = "failed";
    },
  });
  return cluster;
}

function clusterApi({ clock }: Home, { place, id, engine, version, settings, tags, master }: ClusterWish, Port: number): ClusterApi {
  return {
    DBClusterIdentifier: id,
    Engine: engine,
    EngineVersion: version,
    Status: "creating",
    MasterUsername: master.user,
    ...(master.database ? { DatabaseName: master.database } : {}),
    Endpoint: HOST,
    ReaderEndpoint: HOST,
    HostedZoneId: ZONE,
    Port,
    MultiAZ: !isAurora(engine),
    DBClusterMembers: [],
    ReadReplicaIdentifiers: [],
    AssociatedRoles: [],
    DomainMemberships: [],
    DbClusterResourceId: `cluster-${resource()}`,
    DBClusterArn: arn(place, "cluster", id),
    ClusterCreateTime: clock.now(),
    CrossAccountClone: false,
    ...settings,
    StorageEncrypted: settings.StorageEncrypted ?? false,
    TagList: tags,
  };
}

/** Begins one instance of a cluster. The first writes. */
export function addMember(
  home: Home,
  cluster: Cluster,
  id: string,
  own: Partial<Instance["api"]>,
  tags: { Key: string; Value: string }[],
): Instance {
  const { api, master, place } = cluster;
  const { StorageEncrypted, KmsKeyId, BackupRetentionPeriod, PreferredBackupWindow } = api;
  api.DBClusterMembers.push({
    DBInstanceIdentifier: id,
    IsClusterWriter: api.DBClusterMembers.length === 0,
    DBClusterParameterGroupStatus: "in-sync",
    PromotionTier: own.PromotionTier ?? 1,
  });
  const settings = {
    ...own,
    StorageEncrypted,
    KmsKeyId,
    BackupRetentionPeriod,
    PreferredBackupWindow,
    StorageType: "aurora",
    AllocatedStorage: 1,
  };
  const wish = {
    place,
    id,
    engine: api.Engine,
    version: api.EngineVersion,
    settings,
    tags,
    master,
    port: undefined,
    volume: undefined,
    ms: lasts.creating,
  };
  return bringUp(home, wish, cluster);
}

function addThree(home: Home, cluster: Cluster): void {
  const { DBClusterIdentifier, DBClusterInstanceClass: DBInstanceClass } = cluster.api;
  for (const number of [1, 2, 3]) addMember(home, cluster, `${DBClusterIdentifier}-instance-${number}`, { DBInstanceClass }, []);
}

/** The next member writes when the writer goes. */
export function leave({ api }: Cluster, id: string): void {
  const left = api.DBClusterMembers.filter(({ DBInstanceIdentifier }) => DBInstanceIdentifier !== id);
  const hasWriter = left.some(({ IsClusterWriter }) => IsClusterWriter);
  api.DBClusterMembers = left.map((member, at) => ({ ...member, IsClusterWriter: hasWriter ? member.IsClusterWriter : at === 0 }));
}

/** Stops the server, `after` that was done, and forgets the cluster. */
export function bringDownCluster(home: Home, cluster: Cluster, after: Promise<unknown> | undefined, gone: () => void): void {
  const { api, volume, place } = cluster;
  api.Status = "deleting";
  begin(home, {
    thing: cluster,
    ms: lasts.deleting,
    async work() {
      await after;
      if (volume) await scrap(home, volume);
    },
    done() {
      home.estate.region(place).clusters.delete(api.DBClusterIdentifier);
      gone();
    },
    failed: () => {},
  });
}

function tellCreated({ events }: Home, { place, api }: Cluster): void {
  events.tell({
    id: "RDS-EVENT-0170",
    type: "RDS DB Cluster Event",
    source: "CLUSTER",
    categories: ["creation"],
    message: "DB cluster created",
    place,
    kind: "cluster",
    name: api.DBClusterIdentifier,
    tags: api.TagList,
  });
}
