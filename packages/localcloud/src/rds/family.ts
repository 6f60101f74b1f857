import { faults } from "./faults.ts";

/** Snapshots of instances and of clusters are two APIs of one shape; this is where they differ. */
export type Family = {
  readonly kind: "snapshot" | "cluster-snapshot";
  /** Names of parameters and members. */
  readonly id: "DBSnapshotIdentifier" | "DBClusterSnapshotIdentifier";
  readonly owner: "DBInstanceIdentifier" | "DBClusterIdentifier";
  readonly ownerResource: "DbiResourceId" | "DbClusterResourceId";
  readonly source: "SourceDBSnapshotIdentifier" | "SourceDBClusterSnapshotIdentifier";
  readonly target: "TargetDBSnapshotIdentifier" | "TargetDBClusterSnapshotIdentifier";
  readonly item: "DBSnapshot" | "DBClusterSnapshot";
  readonly ownerFilter: "db-instance-id" | "db-cluster-id";
  readonly idFilter: "db-snapshot-id" | "db-cluster-snapshot-id";
  /** The longest name that a new snapshot may have. */
  readonly longest: number;
  readonly quota: "manualSnapshots" | "manualClusterSnapshots";
  readonly copies: "snapshotCopies" | "clusterSnapshotCopies";
  readonly event: {
    readonly type: string;
    readonly source: string;
    readonly creating: string;
    readonly created: string;
    readonly auto: string;
  };
  notFound(id: string): Error;
  alreadyExists(id: string): Error;
  badState(message: string): Error;
};

export const instanceFamily: Family = {
  kind: "snapshot",
  id: "DBSnapshotIdentifier",
  owner: "DBInstanceIdentifier",
  ownerResource: "DbiResourceId",
  source: "SourceDBSnapshotIdentifier",
  target: "TargetDBSnapshotIdentifier",
  item: "DBSnapshot",
  ownerFilter: "db-instance-id",
  idFilter: "db-snapshot-id",
  longest: 255,
  quota: "manualSnapshots",
  copies: "snapshotCopies",
  event: {
    type: "RDS DB Snapshot Event",
    source: "SNAPSHOT",
    creating: "RDS-EVENT-0040",
    created: "RDS-EVENT-0042",
    auto: "RDS-EVENT-0091",
  },
  notFound: (id) => faults.DBSnapshotNotFound(`DBSnapshot ${id} not found.`),
  alreadyExists: (id) =>
    faults.DBSnapshotAlreadyExists(`Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`),
  badState: (message) => faults.InvalidDBSnapshotState(message),
};

export const clusterFamily: Family = {
  kind: "cluster-snapshot",
  id: "DBClusterSnapshotIdentifier",
  owner: "DBClusterIdentifier",
  ownerResource: "DbClusterResourceId",
  source: "SourceDBClusterSnapshotIdentifier",
  target: "TargetDBClusterSnapshotIdentifier",
  item: "DBClusterSnapshot",
  ownerFilter: "db-cluster-id",
  idFilter: "db-cluster-snapshot-id",
  longest: 63,
  quota: "manualClusterSnapshots",
  copies: "clusterSnapshotCopies",
  event: {
    type: "RDS DB Cluster Snapshot Event",
    source: "CLUSTER_SNAPSHOT",
    creating: "RDS-EVENT-0074",
    created: "RDS-EVENT-0075",
    auto: "RDS-EVENT-0169",
  },
  notFound: (id) => faults.DBClusterSnapshotNotFoundFault(`DBClusterSnapshot ${id} not found.`),
  alreadyExists: (id) =>
    faults.DBClusterSnapshotAlreadyExistsFault(`Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`),
  badState: (message) => faults.InvalidDBClusterSnapshotStateFault(message),
};
