import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import type { Needs } from "@holdfast/core";
import { Client } from "pg";
import { vi } from "vitest";
import { type LocalAws, lost, type Rds, rdsDouble, scaled } from "../../../localcloud/src/rds/index.ts";
import { be, type Keys, sessionOf } from "../../rds/kit/world.ts";
import type { Config } from "../config.ts";
import { postgres } from "../kind.ts";
import { makeCertificate } from "../../../localcloud/src/services/certificate.ts";

/** Databases of the double whose endpoints speak TLS, and roles that have what the kind says it needs and no more. */
export type RdsWorld = {
  rds: Rds;
  api: RDSClient;
  /** PEM of the authority that signed the endpoints' certificate. */
  ca: string;
  /** How much later it is for the double than for everybody else, in milliseconds. */
  later: { ms: number };
  /** Runs SQL as the master user. */
  sql<Row>(id: string, text: string, database?: string): Promise<Row[]>;
  /** The SDK is from now on the role that infrastructure would make for that configuration, over the database of that resource id. */
  act(config: Config, resource: string, without?: string): Promise<void>;
  /** The SDK is root. */
  rule(): void;
  end(): Promise<void>;
};

const master = { MasterUsername: "master", MasterUserPassword: "correct-horse", EnableIAMDatabaseAuthentication: true };

export async function openRdsWorld(aws: LocalAws, scratch: string): Promise<RdsWorld> {
  const authority = makeCertificate("RDS");
  const files = { cert: join(scratch, "rds.crt"), key: join(scratch, "rds.key") };
  const own = makeCertificate("endpoint", authority, ["127.0.0.1"]);
  await Promise.all([writeFile(files.cert, own.cert), writeFile(files.key, own.key)]);
  const later = { ms: 0 };
  const clock = { ...scaled(0.0001), now: () => new Date(Date.now() + later.ms) };
  const rds = await rdsDouble({ aws, tls: files, clock });
  rds.events.fate = lost;
  vi.stubEnv("AWS_ENDPOINT_URL_RDS", rds.endpoint);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  be(aws.credentials);
  const sessions = new Map<string, Keys>();
  return {
    rds,
    later,
    ca: authority.cert,
    api: new RDSClient({ ...aws, endpoint: rds.endpoint }),
    sql: (id, text, database) => asMaster({ ...rds.connection(aws.region, id, database), ssl: { ca: authority.cert } }, text),
    async act(config, resource, without = "") {
      const name = JSON.stringify([config, resource, without]);
      const session = sessions.get(name) ?? (await sessionOf(aws, { allow: allowed(config, resource, without) }));
      sessions.set(name, session);
      be(session);
    },
    rule: () => be(aws.credentials),
    end: () => rds.stop(),
  };
}

/** As infrastructure writes them, but for those of one action. */
function allowed(config: Config, resource: string, without: string): Needs["allow"] {
  return postgres
    .needs("capture", config)
    .allow.filter(({ actions }) => !actions.includes(without))
    .map(({ actions, resources }) => ({ actions, resources: resources.map((arn) => arn.replaceAll("{resource}", resource)) }));
}

async function asMaster<Row>(at: ConstructorParameters<typeof Client>[0], text: string): Promise<Row[]> {
  const client = new Client(at);
  await client.connect();
  try {
    const result = await client.query(text);
    return (Array.isArray(result) ? result.at(-1) : result).rows;
  } finally {
    await client.end();
  }
}

/** Makes an instance and gives its resource id. */
export async function anInstance({ rds, api }: RdsWorld, id: string, more: object = {}): Promise<string> {
  const how = { DBInstanceClass: "db.t4g.micro", Engine: "postgres", BackupRetentionPeriod: 0, ...master, ...more };
  await api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: id, ...how }));
  await rds.settled();
  const { DBInstances } = await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
  return DBInstances?.[0]?.DbiResourceId ?? "";
}

/** Makes a cluster with one instance, and gives its resource id. */
export async function aCluster({ rds, api }: RdsWorld, id: string): Promise<string> {
  await api.send(new CreateDBClusterCommand({ DBClusterIdentifier: id, Engine: "aurora-postgresql", DatabaseName: id, ...master }));
  await rds.settled();
  const member = { DBClusterIdentifier: id, DBInstanceClass: "db.t4g.medium", Engine: "aurora-postgresql" };
  await api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: `${id}-1`, ...member }));
  await rds.settled();
  const { DBClusters } = await api.send(new DescribeDBClustersCommand({ DBClusterIdentifier: id }));
  return DBClusters?.[0]?.DbClusterResourceId ?? "";
}

/** The SQL that docs/deploy.md gives people to type. */
export async function documentedSql(): Promise<string> {
  const text = await readFile(new URL("../../../../docs/deploy.md", import.meta.url), "utf8");
  const section = text.split("\n## ").find((part) => part.startsWith("RDS and Aurora: the dump's login")) ?? "";
  const sql = /```sql\n([\s\S]*?)```/.exec(section)?.[1];
  if (!sql) throw new Error("docs/deploy.md has no SQL for the dump's login");
  return sql;
}
