import { type Folder, shown } from "../folder.ts";
import { orders } from "../plan.ts";
import type { Cluster } from "./open.ts";

const { source, target, cluster, database, dump } = orders;

export const clusterCommands: readonly string[] = [
  `  npm run holdfast -- backup ${source} --local            # a snapshot; RDS tells when it is done`,
  `  npm run holdfast -- list ${source} --local`,
  `  npm run holdfast -- restore ${source} --target ${target} --local`,
  `  npm run holdfast -- restore ${source} --target ${target} --at $(date -u -d '10 seconds ago' +%FT%TZ) --local   # to that moment`,
  `  npm run holdfast -- backup ${dump.source} --local       # what can leave RDS`,
  `  npm run holdfast -- restore ${dump.source} --target ${dump.target} --database ${dump.database}_too --local`,
];

export const howToAskRds: readonly string[] = [
  "  aws rds describe-db-clusters --query 'DBClusters[].[DBClusterIdentifier,Status,Port,LatestRestorableTime]' --output text",
  `  aws rds describe-db-cluster-snapshots --db-cluster-identifier ${cluster} --query 'DBClusterSnapshots[].[DBClusterSnapshotIdentifier,Status]' --output text`,
];

export const howToQueryCluster = ({ server: { host, port, user } }: Cluster, folder: Folder): string[] => [
  "The cluster, and, with the port that a restore told, what was made of its backups:",
  `  PGPASSFILE=${shown(folder, folder.pgpass)} psql "host=${host} port=${port} user=${user} dbname=${database} sslmode=verify-full sslrootcert=${shown(folder, folder.rdsCa)}"`,
];
