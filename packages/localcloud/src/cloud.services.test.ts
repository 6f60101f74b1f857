import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateDBInstanceCommand, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { generateIdentity } from "@holdfast/age";
import { afterAll, beforeAll, expect, test } from "vitest";
import { planOf } from "../../../test/kit/graph.ts";
import { type Cloud, openCloud } from "./cloud.ts";
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
      sources: { shop: { kind: "rds", instance, dump: false, schedule: "cron(0 2 1 1 ? *)" } },
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

test("a function takes a snapshot by its role, and the event of its end lets it finish the backup", async () => {
  const lambda = new LambdaClient(cloud.client);
  const Payload = JSON.stringify({ scheduled: "2026-01-01T02:00:00Z" });
  const answer = await lambda.send(new InvokeCommand({ FunctionName: "rds-local-backup-shop", Payload }));
  lambda.destroy();
  expect(answer.FunctionError, Buffer.from(answer.Payload ?? []).toString()).toBeUndefined();
  const s3 = new S3Client({ ...cloud.client, forcePathStyle: true });
  await until("the manifest", async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: String(cloud.deployed.outputs.bucket) }));
    return Contents.some(({ Key }) => Key === "backups/shop/20260101T020000Z/manifest.json");
  });
  s3.destroy();
  expect(rds.failures).toEqual([]);
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

test("an RDS that is not on this machine is refused", async () => {
  const endpoint = "https://rds.eu-central-1.amazonaws.com";
  const said: string[] = [];
  const opening = openCloud({ plan: plan.file, secrets: {}, rds: { endpoint }, progress: (what) => said.push(what) });
  await expect(opening).rejects.toMatchObject({ name: "EndpointNotLoopback" });
  expect(said).toEqual([]);
  await expect(deploy({ ...into(), plan: plan.file, rds: endpoint })).rejects.toMatchObject({ name: "EndpointNotLoopback" });
});
