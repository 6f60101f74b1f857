import { type DBCluster, type DBInstance, DescribeDBClustersCommand, DescribeDBInstancesCommand } from "@aws-sdk/client-rds";
import { type Api, unlessMissing } from "../rds/api.ts";
import { RdsDatabaseMissing } from "../rds/errors.ts";
import type { OfRds } from "./config.ts";
import { EndpointOfCluster, NoEndpoint, NotPostgres, TokensOff } from "./rdserrors.ts";

/** Where a database of RDS listens; `noun` names it to people. */
type Endpoint = { noun: string; host: string; port: number };

/** What a description tells of a login, the same for clusters and instances. */
type Told = { engine: string; status: string; tokens: boolean; host: string | undefined; port: number | undefined };

/**
 * The writer's endpoint of a cluster, or an instance's, as RDS tells it now. Throws {@link RdsDatabaseMissing}, {@link NotPostgres},
 * {@link NoEndpoint}, {@link TokensOff}, {@link EndpointOfCluster}, and what the API refuses.
 */
export async function findEndpoint(api: Api, rds: OfRds, region: string): Promise<Endpoint> {
  const noun = rds.cluster ? `cluster ${rds.cluster}` : `instance ${rds.instance}`;
  const told = rds.cluster ? await askCluster(api, rds.cluster) : await askInstance(api, rds.instance ?? "");
  if (!told) throw new RdsDatabaseMissing(`${noun} in ${region}`);
  if (!/^(aurora-)?postgres(ql)?$/.test(told.engine)) throw new NotPostgres(noun, told.engine);
  const { status, host, port } = told;
  if (host === undefined || port === undefined || SILENT.test(status)) throw new NoEndpoint(noun, status);
  if (!told.tokens) throw new TokensOff(noun);
  return { noun, host, port };
}

/** Nobody answers at the endpoint in these. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status */
const SILENT =
  /^(creating|deleting|failed|restore-error|incompatible-(network|restore)|inaccessible-encryption-credentials.*|starting|stopping|stopped)$/;

async function askCluster(api: Api, id: string): Promise<Told | undefined> {
  const command = new DescribeDBClustersCommand({ DBClusterIdentifier: id });
  const asking = api.rds(`looking up the endpoint of the cluster ${id}`, (client, options) => client.send(command, options));
  const found: DBCluster | undefined = (await unlessMissing(asking))?.DBClusters?.[0];
  return found && told(found.Engine, found.Status, found.IAMDatabaseAuthenticationEnabled, found.Endpoint, found.Port);
}

async function askInstance(api: Api, id: string): Promise<Told | undefined> {
  const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id });
  const asking = api.rds(`looking up the endpoint of the instance ${id}`, (client, options) => client.send(command, options));
  const found: DBInstance | undefined = (await unlessMissing(asking))?.DBInstances?.[0];
  if (found?.DBClusterIdentifier) throw new EndpointOfCluster(id, found.DBClusterIdentifier);
  const { Address, Port } = found?.Endpoint ?? {};
  return found && told(found.Engine, found.DBInstanceStatus, found.IAMDatabaseAuthenticationEnabled, Address, Port);
}

const told = (engine = "unknown", status = "unknown", tokens = false, host?: string, port?: number): Told => ({
  engine,
  status,
  tokens,
  host,
  port,
});
