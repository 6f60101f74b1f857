import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { generateIdentity } from "@holdfast/age";
import { afterAll, beforeAll, expect, test } from "vitest";
import { planOf } from "../../../test/kit/graph.ts";
import { type Cloud, openCloud } from "./cloud.ts";
import { databasesOf } from "./deploy/databases.ts";
import { deploy } from "./deploy/index.ts";
import { until } from "./deploy/fixture/world.ts";
import { type Rds, rdsDouble, scaled } from "./rds/index.ts";

// An instance of MySQL is a record without a server, so nothing of this takes time but the deployment.

const offlineKeys = [(await generateIdentity()).recipient];
const planWith = (instance: string) =>
  planOf(
    {
      project: "rds",
      region: "eu-central-1",
      offlineKeys,
      sources: { shop: { kind: "rds", instance, dump: false, snapshots: 1, schedule: "cron(0 2 1 1 ? *)" } },
    },
    "",
  );
const [plan, other] = [planWith("shop"), planWith("elsewhere")];
let rds: Rds;
let cloud: Cloud;
let api: RDSClient;
const order: string[] = [];

beforeAll(async () => {
  rds = await rdsDouble({ aws: () => aws(), clock: scaled(0.0005) });
  let client: Cloud["client"] | undefined;
  const aws = () => client ?? { endpoint: "http://127.0.0.1:1", region: "", credentials: { accessKeyId: "", secretAccessKey: "" } };
  cloud = await openCloud({
    plan: plan.file,
    secrets: {},
    rds,
    progress: (what) => order.push(what),
    async prepare(found) {
      client = found;
      order.push("prepared");
      api = new RDSClient({ ...found, endpoint: rds.endpoint });
      await makeInstance(found);
    },
  });
});
afterAll(async () => {
  api?.destroy();
  await cloud?.stop();
  await rds?.stop();
  plan.remove();
  other.remove();
});

async function makeInstance(client: Cloud["client"]): Promise<void> {
  const kms = new KMSClient(client);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  kms.destroy();
  const what = { DBInstanceIdentifier: "shop", Engine: "mysql", DBInstanceClass: "db.t4g.micro", AllocatedStorage: 20 };
  const login = { MasterUsername: "owner", MasterUserPassword: "correct-horse" };
  await api.send(new CreateDBInstanceCommand({ ...what, ...login, StorageEncrypted: true, KmsKeyId: KeyMetadata?.Arn }));
  await until("the instance", async () => {
    const { DBInstances } = await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "shop" }));
    return DBInstances?.[0]?.DBInstanceStatus === "available";
  });
}

test("what the plan names is made when the local AWS is up, and before the plan is deployed", () => {
  expect(order.slice(0, 4)).toEqual([
    "starting the local AWS",
    "prepared",
    "running sst.config.ts",
    "1 resources of sst.config.ts are deployed",
  ]);
});

async function invoke(name: string, input: object): Promise<unknown> {
  const lambda = new LambdaClient(cloud.client);
  const answer = await lambda.send(new InvokeCommand({ FunctionName: `rds-local-${name}`, Payload: JSON.stringify(input) }));
  lambda.destroy();
  const said = Buffer.from(answer.Payload ?? []).toString();
  expect(answer.FunctionError, said).toBeUndefined();
  return JSON.parse(said);
}
async function keys(Prefix: string): Promise<string[]> {
  const s3 = new S3Client({ ...cloud.client, forcePathStyle: true });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: String(cloud.deployed.outputs.bucket), Prefix }));
  s3.destroy();
  return Contents.map(({ Key = "" }) => Key);
}
async function snapshots(): Promise<string[]> {
  const { DBSnapshots = [] } = await api.send(new DescribeDBSnapshotsCommand({ SnapshotType: "manual" }));
  return DBSnapshots.map(({ DBSnapshotIdentifier = "" }) => DBSnapshotIdentifier).sort();
}
const [first, second] = ["holdfast-shop-20260101t020000z", "holdfast-shop-20260102t020000z"];

test("a function takes a snapshot by its role, and the event of its end lets it finish the backup", async () => {
  await invoke("backup-shop", { scheduled: "2026-01-01T02:00:00Z" });
  await until("the manifest", async () => (await keys("backups/")).includes("backups/shop/20260101T020000Z/manifest.json"));
  expect(rds.failures).toEqual([]);
});

test("a further one that is verified lets the one before it go, by the role of another function, which records it", async () => {
  await until("the first one's evidence", async () => (await keys("evidence/present/shop/20260101T020000Z/ok.")).length === 1);
  const made = new CreateDBSnapshotCommand({ DBInstanceIdentifier: "shop", DBSnapshotIdentifier: "before-the-upgrade" });
  await api.send(made);
  await until("the snapshot by hand", async () => {
    const { DBInstances } = await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "shop" }));
    return DBInstances?.[0]?.DBInstanceStatus === "available";
  });
  expect(await invoke("prune-shop", { print: true })).toMatchObject({
    remove: [],
    keep: [{ id: first, because: "one of the 1 newest verified" }],
  });
  await invoke("backup-shop", { slot: "2026-01-02T02:00:00Z" });
  await until("the deletion", async () => !(await snapshots()).includes(first ?? ""));
  expect(await snapshots()).toEqual(["before-the-upgrade", second]);
  expect(await keys("evidence/pruned/")).toMatchObject([
    expect.stringMatching(`^evidence/pruned/shop/20260101T020000Z/ok\\..{8}\\.${first}\\.json$`),
  ]);
  expect(await invoke("prune-shop", {})).toMatchObject({ removed: [], kept: 1 });
});

test("whom the local AWS does not know, RDS does not know either", async () => {
  const stranger = new RDSClient({
    ...cloud.client,
    endpoint: rds.endpoint,
    credentials: { accessKeyId: "AKIA0000000000000000", secretAccessKey: "x" },
  });
  await expect(stranger.send(new DescribeDBInstancesCommand({}))).rejects.toThrow(/security token/i);
  stranger.destroy();
});

const into = () => ({ stage: "local", endpoint: cloud.client.endpoint, credentials: cloud.client.credentials });

test("a plan that names a database which does not exist is refused before anything is made", async () => {
  let made = 0;
  const deploying = deploy({ ...into(), plan: other.file, rds: rds.endpoint, progress: () => (made += 1) });
  await expect(deploying).rejects.toMatchObject({
    name: "LookUpEmpty",
    message: "reading RDS DB Instance (elsewhere): couldn't find resource",
  });
  expect(made).toBe(0);
});

test("what is looked up comes from RDS; a cluster that is not there is told as the provider tells it, and any other trouble as itself", async () => {
  const databases = databasesOf(api);
  expect(await databases.instance("shop")).toMatchObject({
    resourceId: expect.stringMatching(/^db-[A-Z0-9]+$/),
    preferredMaintenanceWindow: expect.stringMatching(/^[a-z]{3}:\d\d:\d\d-[a-z]{3}:\d\d:\d\d$/),
  });
  await expect(databases.cluster("nowhere")).rejects.toMatchObject({
    name: "LookUpEmpty",
    message: "reading RDS Cluster (nowhere): couldn't find resource",
  });
  rds.refuse("DescribeDBClusters", "AccessDenied");
  await expect(databases.cluster("nowhere")).rejects.toMatchObject({ name: "AccessDenied" });
});

test("an RDS that is not on this machine is refused", async () => {
  const endpoint = "https://rds.eu-central-1.amazonaws.com";
  const said: string[] = [];
  const opening = openCloud({ plan: plan.file, secrets: {}, rds: { endpoint }, progress: (what) => said.push(what) });
  await expect(opening).rejects.toMatchObject({ name: "EndpointNotLoopback" });
  expect(said).toEqual([]);
  await expect(deploy({ ...into(), plan: plan.file, rds: endpoint })).rejects.toMatchObject({ name: "EndpointNotLoopback" });
});
