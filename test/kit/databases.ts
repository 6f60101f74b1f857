import { writeFileSync } from "node:fs";
import path from "node:path";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateDBClusterCommand, CreateDBInstanceCommand, RDSClient } from "@aws-sdk/client-rds";
import { type Cloud, type Rds, rdsDouble, scaled } from "@holdfast/localcloud";
import { makeCertificate } from "../../packages/localcloud/src/services/certificate.ts";
import pg from "pg";

export const region = "eu-central-1";
/** Where copies of snapshots go. */
export const farRegion = "eu-west-1";
/** The master user of both. */
const master = { username: "owner", password: "correct-horse", dbname: "goods" };
/** A window of their own, which a restored one lacks until it is changed. */
const PreferredMaintenanceWindow = "sun:11:12-sun:11:42";
const login = { MasterUsername: master.username, MasterUserPassword: master.password };
const rows = 200;

/** The double of RDS with an Aurora-like cluster `orders-prod` and an instance `till-prod`. */
export type Databases = {
  rds: Rds;
  /** As the account's root. */
  api: RDSClient;
  /** Asks the master's database of an instance or a cluster. */
  query<T extends pg.QueryResultRow>(id: string, text: string): Promise<T[]>;
  /** The authority of their certificates, in PEM. */
  ca: string;
  /** The login, as a secret, by which the proof of a restore asks what came up. */
  owner: object;
};
/** Keys that snapshots are under: theirs, and that of their copies elsewhere. */
export type DatabaseKeys = { key: string; farKey: string };

type Opened = Databases & {
  /** Begins to make both when the local AWS is there. */
  make(client: Cloud["client"]): Promise<DatabaseKeys>;
  /** Resolves when both are there and hold their rows. */
  fill(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts the double before the local AWS is up, because its functions are told where it is. A minute of RDS's time passes in 30 ms. */
export async function openDatabases(folder: string): Promise<Opened> {
  let client: Cloud["client"] | undefined;
  const aws = () => {
    if (client === undefined) throw new Error("the double was asked before there was a local AWS");
    return client;
  };
  const { ca, tls } = certificates(folder);
  const rds = await rdsDouble({ aws, clock: scaled(0.0005), tls });
  const api = new RDSClient({ region, endpoint: rds.endpoint, credentials: async () => aws().credentials });
  return {
    rds,
    api,
    ca,
    owner: { ...master, sslmode: "verify-full", ca },
    query: (id, text) => query(rds, ca, id, text),
    async make(found) {
      client = found;
      const [key, farKey] = await Promise.all([makeKey(found), makeKey({ ...found, region: farRegion })]);
      await Promise.all([makeCluster(api, key), makeInstance(api)]);
      await rds.settled();
      await makeWriter(api);
      return { key, farKey };
    },
    async fill() {
      await rds.settled();
      await Promise.all([query(rds, ca, "orders-prod", `${dumper}; ${goods}`), query(rds, ca, "till-prod", goods)]);
    },
    async stop() {
      api.destroy();
      await rds.stop();
    },
  };
}

/** Without them no token of IAM logs in. Node asks a certificate for a name also where it connects to an address. */
function certificates(folder: string) {
  const authority = makeCertificate("the authority of the tests");
  const own = makeCertificate("RDS of the tests", authority, ["127.0.0.1", "localhost"]);
  const tls = { cert: path.join(folder, "rds.pem"), key: path.join(folder, "rds.key") };
  writeFileSync(tls.cert, own.cert);
  writeFileSync(tls.key, own.key, { mode: 0o600 });
  return { ca: authority.cert, tls };
}

/** Whom the dump logs in as, by a token. */
const dumper = "create role holdfast_backup login; grant rds_iam to holdfast_backup; grant pg_read_all_data to holdfast_backup";
const goods = `create table goods as select id, md5(id::text) as name from generate_series(1, ${rows}) as id`;
export const counted = "select count(*)::int as rows from goods";

async function makeKey(client: Cloud["client"]): Promise<string> {
  const kms = new KMSClient(client);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  kms.destroy();
  return KeyMetadata?.Arn ?? "";
}

const cluster = { DBClusterIdentifier: "orders-prod", Engine: "aurora-postgresql" };
/** Under the key of the plan: its snapshots are as they have to be. */
async function makeCluster(api: RDSClient, KmsKeyId: string): Promise<void> {
  await api.send(
    new CreateDBClusterCommand({
      ...login,
      ...cluster,
      DatabaseName: master.dbname,
      StorageEncrypted: true,
      KmsKeyId,
      EnableIAMDatabaseAuthentication: true,
      PreferredMaintenanceWindow,
    }),
  );
}
const makeWriter = (api: RDSClient) =>
  api.send(new CreateDBInstanceCommand({ ...cluster, DBInstanceIdentifier: "orders-prod-1", DBInstanceClass: "db.t4g.medium" }));

/** Not encrypted at all: each of its snapshots becomes one under the key of the plan by a copy. */
async function makeInstance(api: RDSClient): Promise<void> {
  await api.send(
    new CreateDBInstanceCommand({
      ...login,
      DBInstanceIdentifier: "till-prod",
      Engine: "postgres",
      DBName: master.dbname,
      DBInstanceClass: "db.t4g.micro",
      AllocatedStorage: 20,
      PreferredMaintenanceWindow,
    }),
  );
}

async function query<T extends pg.QueryResultRow>(rds: Rds, ca: string, id: string, text: string): Promise<T[]> {
  const client = new pg.Client({ ...rds.connection(region, id), ssl: { ca } });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}
