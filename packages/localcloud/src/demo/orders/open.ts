import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { counted } from "@holdfast/cli/src/wording.ts";
import { makeCertificate } from "../../services/certificate.ts";
import type { Cloud } from "../../cloud.ts";
import { type Rds, rdsDouble } from "../../rds/index.ts";
import { type Folder, writePgpass } from "../folder.ts";
import { orders, region } from "../plan.ts";
import { type Counted, rowsOf, takeCensus } from "../shop/census.ts";
import { connected, type Server } from "../shop/shop.ts";
import type { StageOptions, Stop } from "../stage.ts";
import { neverStarted, orAborted, waitFor } from "../wait.ts";

/** RDS on loopback, with the login that its cluster will have. */
export type LocalRds = Pick<Rds, "endpoint"> & {
  api: RDSClient;
  /** The authority that its endpoints' certificates are of, in PEM. */
  ca: string;
  login: Pick<Server, "user" | "password">;
  /** By which Holdfast asks a restored cluster. */
  secrets: Record<string, object>;
  /** Lets it ask the local AWS who calls it; before nobody can. */
  join(client: Cloud["client"]): void;
};
/** The cluster as it stands, and how its owner reaches it. */
export type Cluster = { server: Server; counts: Counted[]; rds: LocalRds };

/** Node asks a certificate for a name also where it connects to an address. */
const hosts = ["127.0.0.1", "localhost"];

export const openRds = ({ folder, steps, world }: StageOptions, stopping: Stop[]): Promise<LocalRds> =>
  steps.of(orders.source).run(
    "starting RDS",
    async () => {
      const authority = makeCertificate("the authority of the demo's RDS");
      const own = makeCertificate("the demo's RDS", authority, hosts);
      writeFileSync(folder.rdsCa, authority.cert);
      writeFileSync(folder.rdsCert, own.cert);
      writeFileSync(folder.rdsKey, own.key, { mode: 0o600 });
      const { double, join } = startDouble(folder);
      stopping.push(() => double.then((rds) => rds.stop(), neverStarted));
      const { endpoint } = await orAborted(double, world.signal);
      const api = new RDSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
      stopping.push(async () => api.destroy());
      const login = { user: "owner", password: randomBytes(18).toString("base64url") };
      return { endpoint, api, ca: authority.cert, login, secrets: secretsOf(login, authority.cert), join };
    },
    () => "the RDS API runs on loopback; what it makes are real servers",
  );

function startDouble({ rdsCert: cert, rdsKey: key }: Folder): { double: Promise<Rds>; join: LocalRds["join"] } {
  let client: Cloud["client"] | undefined;
  const aws = () => {
    if (!client) throw new Error("nobody calls RDS before the local AWS is there");
    return client;
  };
  const join = (found: Cloud["client"]) => {
    client = found;
  };
  return { double: rdsDouble({ aws, tls: { cert, key } }), join };
}

const secretsOf = ({ user, password }: LocalRds["login"], ca: string) => ({
  [orders.secrets.restore]: { username: user, password, dbname: orders.database, sslmode: "verify-full", ca },
});

/** Asks for a cluster under a key of its own, as an application's team would have long ago. It can be looked up at once. Returns the key's ARN. */
export async function foundCluster({ api, login, join }: LocalRds, client: Cloud["client"]): Promise<string> {
  join(client);
  const kms = new KMSClient(client);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "the key of the orders" }));
  kms.destroy();
  await api.send(
    new CreateDBClusterCommand({
      ...engine,
      MasterUsername: login.user,
      MasterUserPassword: login.password,
      DatabaseName: orders.database,
      StorageEncrypted: true,
      KmsKeyId: KeyMetadata?.Arn,
      EnableIAMDatabaseAuthentication: true,
    }),
  );
  return KeyMetadata?.Arn ?? "";
}

/** Waits for the cluster, fills it, and counts what is in it. */
export const stockCluster = (rds: LocalRds, { folder, steps, world }: StageOptions): Promise<Cluster> =>
  steps.of(orders.source).run(
    "making its cluster",
    async () => {
      await waitFor("the cluster", patience, world.signal, () => isAvailable(rds));
      const instance = { DBInstanceIdentifier: `${orders.cluster}-1`, DBInstanceClass: "db.r7g.large" };
      await rds.api.send(new CreateDBInstanceCommand({ ...engine, ...instance }));
      const server = await waitFor("the cluster's instance", patience, world.signal, () => serverOf(rds));
      writePgpass(folder, { ...server, port: "*" });
      await connected(server, orders.database, async (client) => client.query(await readFile(rows, "utf8")));
      return { server, rds, counts: await takeCensus(server, orders.database) };
    },
    ({ counts }) => {
      const tables = counts.filter(({ what }) => what === "table");
      return `Aurora cluster ${orders.cluster}, encrypted under a key of its own: ${counted(rowsOf(tables), "row")} in ${counted(tables.length, "table")}`;
    },
  );

const engine = { Engine: "aurora-postgresql", DBClusterIdentifier: orders.cluster };
const patience = 60;
const rows = path.join(import.meta.dirname, "rows.sql");

async function isAvailable({ api }: LocalRds): Promise<true | undefined> {
  const { DBClusters = [] } = await api.send(new DescribeDBClustersCommand({ DBClusterIdentifier: orders.cluster }));
  return DBClusters[0]?.Status === "available" || undefined;
}

/** How its owner reaches it; undefined until its instance is available. */
async function serverOf({ api, login, ca }: LocalRds): Promise<Server | undefined> {
  const Filters = [{ Name: "db-cluster-id", Values: [orders.cluster] }];
  const { DBInstances = [] } = await api.send(new DescribeDBInstancesCommand({ Filters }));
  const { DBInstanceStatus, Endpoint } = DBInstances[0] ?? {};
  const { Address: host, Port: port } = Endpoint ?? {};
  return DBInstanceStatus === "available" && host && port ? { host, port, ...login, ca } : undefined;
}
