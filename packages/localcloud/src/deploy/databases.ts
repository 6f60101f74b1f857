import {
  type DBCluster,
  type DBInstance,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  type RDSClient,
} from "@aws-sdk/client-rds";
import { LookUpEmpty } from "./errors.ts";
import type { Values } from "./graph.ts";

/** Answers the provider's data sources of RDS by their arguments. Both throw {@link LookUpEmpty} where there is no such database. */
export type Databases = { cluster(id: string): Promise<Values>; instance(id: string): Promise<Values> };

export const databasesOf = (rds: RDSClient): Databases => ({
  async cluster(id) {
    const asked = rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier: id })).catch(unlessMissing("DBClusterNotFound"));
    const found = (await asked)?.DBClusters?.[0];
    // As the provider words it.
    if (!found) throw new LookUpEmpty(`reading RDS Cluster (${id}): couldn't find resource`);
    return clusterFacts(found);
  },
  async instance(id) {
    const asked = rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id })).catch(unlessMissing("DBInstanceNotFound"));
    const found = (await asked)?.DBInstances?.[0];
    if (!found) throw new LookUpEmpty(`reading RDS DB Instance (${id}): couldn't find resource`);
    return instanceFacts(found);
  },
});

const unlessMissing = (code: string) => (error: unknown) => {
  if (error instanceof Error && error.name.startsWith(code)) return undefined;
  throw error;
};

/** Of what the provider tells, all that is one value here too. */
const clusterFacts = (it: DBCluster): Values => ({
  id: it.DBClusterIdentifier ?? "",
  clusterIdentifier: it.DBClusterIdentifier ?? "",
  clusterResourceId: it.DbClusterResourceId ?? "",
  arn: it.DBClusterArn ?? "",
  endpoint: it.Endpoint ?? "",
  readerEndpoint: it.ReaderEndpoint ?? "",
  port: it.Port ?? 0,
  engine: it.Engine ?? "",
  engineVersion: it.EngineVersion ?? "",
  databaseName: it.DatabaseName ?? "",
  masterUsername: it.MasterUsername ?? "",
  kmsKeyId: it.KmsKeyId ?? "",
  storageEncrypted: it.StorageEncrypted ?? false,
  backupRetentionPeriod: it.BackupRetentionPeriod ?? 0,
  iamDatabaseAuthenticationEnabled: it.IAMDatabaseAuthenticationEnabled ?? false,
  preferredBackupWindow: it.PreferredBackupWindow ?? "",
  preferredMaintenanceWindow: it.PreferredMaintenanceWindow ?? "",
});

const instanceFacts = (it: DBInstance): Values => ({
  id: it.DBInstanceIdentifier ?? "",
  dbInstanceIdentifier: it.DBInstanceIdentifier ?? "",
  resourceId: it.DbiResourceId ?? "",
  dbInstanceArn: it.DBInstanceArn ?? "",
  dbClusterIdentifier: it.DBClusterIdentifier ?? "",
  address: it.Endpoint?.Address ?? "",
  endpoint: it.Endpoint ? `${it.Endpoint.Address}:${it.Endpoint.Port}` : "",
  port: it.Endpoint?.Port ?? 0,
  engine: it.Engine ?? "",
  engineVersion: it.EngineVersion ?? "",
  dbName: it.DBName ?? "",
  masterUsername: it.MasterUsername ?? "",
  kmsKeyId: it.KmsKeyId ?? "",
  storageEncrypted: it.StorageEncrypted ?? false,
  backupRetentionPeriod: it.BackupRetentionPeriod ?? 0,
  preferredBackupWindow: it.PreferredBackupWindow ?? "",
  preferredMaintenanceWindow: it.PreferredMaintenanceWindow ?? "",
});
