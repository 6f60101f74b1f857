import type {
  DBCluster,
  DBClusterParameterGroup,
  DBClusterSnapshot,
  DBInstance,
  DBParameterGroup,
  DBSnapshot,
  DBSubnetGroup,
  OptionGroup,
} from "@aws-sdk/client-rds";
import type { Family } from "./family.ts";
import type { Place } from "./names.ts";
import type { Master, Volume } from "./volume.ts";

/** `T` with these members always there. */
export type With<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };

/** A thing whose state changes by itself. `turn` grows whenever something else decides about it, so that what was under way gives up. */
export type Living = { turn: number };

/** What the API tells of each is kept as the API tells it. */
export type InstanceApi = With<
  DBInstance,
  "DBInstanceIdentifier" | "DBInstanceStatus" | "DBInstanceArn" | "DbiResourceId" | "Engine" | "EngineVersion" | "TagList"
>;
export type ClusterApi = With<
  DBCluster,
  "DBClusterIdentifier" | "Status" | "DBClusterArn" | "DbClusterResourceId" | "Engine" | "EngineVersion" | "TagList" | "DBClusterMembers"
>;

export type Instance = Living & {
  readonly what: "instance";
  readonly place: Place;
  api: InstanceApi;
  master: Master;
  volume: Volume | undefined;
};
export type Cluster = Living & {
  readonly what: "cluster";
  readonly place: Place;
  api: ClusterApi;
  master: Master;
  volume: Volume | undefined;
};
export type Database = Instance | Cluster;

export type SnapshotStatus = "creating" | "copying" | "available" | "failed";
export type Snapshot = Living & {
  readonly what: "snapshot";
  readonly family: Family;
  readonly place: Place;
  readonly id: string;
  /** The instance or cluster that it is of, by the identifier and the resource id that it had. */
  readonly of: { id: string; resource: string };
  readonly type: "manual" | "automated" | "awsbackup";
  status: SnapshotStatus;
  /** Whether a copy across regions is under way: the quota of copies counts it. */
  copying: boolean;
  /** What else the API tells: settings of the source when it was taken. */
  api: Omit<DBSnapshot, "Status"> & Omit<DBClusterSnapshot, "Status" | "AvailabilityZones">;
  tags: { Key: string; Value: string }[];
  master: Master;
  /** A restored instance is of the class that its original was, when the request names none; the API does not tell it. */
  instanceClass: string | undefined;
  /** The data, when the engine is PostgreSQL. */
  data: string | undefined;
  /** Accounts that may restore it, or `all`. */
  shared: Set<string>;
};

/** One account in one region. */
export type Region = {
  readonly place: Place;
  readonly instances: Map<string, Instance>;
  readonly clusters: Map<string, Cluster>;
  /** By `family.kind:id`. */
  readonly snapshots: Map<string, Snapshot>;
  readonly subnetGroups: Map<string, DBSubnetGroup>;
  readonly parameterGroups: Map<string, DBParameterGroup>;
  readonly clusterParameterGroups: Map<string, DBClusterParameterGroup>;
  readonly optionGroups: Map<string, OptionGroup>;
  /** Tags of groups, by ARN. */
  readonly groupTags: Map<string, { Key: string; Value: string }[]>;
};

export type Estate = {
  region(place: Place): Region;
  all(): Region[];
};

export function estate(fill: (region: Region) => void): Estate {
  const regions = new Map<string, Region>();
  return {
    region(place) {
      const key = `${place.account}/${place.region}`;
      const found = regions.get(key) ?? empty(place);
      if (!regions.has(key)) fill(found);
      regions.set(key, found);
      return found;
    },
    all: () => [...regions.values()],
  };
}

function empty({ account, region }: Place): Region {
  return {
    place: { account, region },
    instances: new Map(),
    clusters: new Map(),
    snapshots: new Map(),
    subnetGroups: new Map(),
    parameterGroups: new Map(),
    clusterParameterGroups: new Map(),
    optionGroups: new Map(),
    groupTags: new Map(),
  };
}
