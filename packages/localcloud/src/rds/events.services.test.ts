import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { CreateKeyCommand, DescribeKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  DescribeEventsCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { completed } from "../deploy/completed.ts";
import { type Ministack, ministack } from "../services/index.ts";
import { byHand } from "./clock.ts";
import { type Rds, rdsDouble } from "./double.ts";
import { doubled, late, lost, onTime } from "./events.ts";
import { until } from "./until.ts";

const MINUTE = 60_000;
const clock = byHand();
let cloud: Ministack;
let rds: Rds;
let api: RDSClient;
let sqs: SQSClient;
let QueueUrl = "";
beforeAll(async () => {
  // The local AWS is told where the double is, so the double is there first.
  rds = await rdsDouble({ clock, aws: () => reach(cloud) });
  cloud = await ministack({ env: { ...completed(), AWS_ENDPOINT_URL_RDS: rds.endpoint } });
  const aws = reach(cloud);
  api = new RDSClient({ ...aws, endpoint: rds.endpoint });
  sqs = new SQSClient(aws);
  QueueUrl = await listen(aws);
  const login = { MasterUsername: "admin", MasterUserPassword: "correct-horse" };
  await api.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: "shop", DBInstanceClass: "db.m7g.large", Engine: "mysql", ...login }));
  await api.send(new CreateDBClusterCommand({ DBClusterIdentifier: "orders", Engine: "aurora-mysql", ...login }));
  await clock.advance(30 * MINUTE);
});
const reach = ({ endpoint, region, root }: Ministack) => ({ endpoint, region, credentials: root });
afterAll(async () => {
  await rds?.stop();
  await cloud?.stop();
  expect(rds.failures).toEqual([]);
});
beforeEach(() => {
  rds.events.fate = onTime;
  rds.events.ahead = 0;
});

/** A queue that hears of snapshots. */
async function listen(aws: ConstructorParameters<typeof EventBridgeClient>[0]): Promise<string> {
  const Arn = `arn:aws:sqs:${cloud.region}:${cloud.account}:heard`;
  const allowed = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage", Resource: Arn };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allowed] });
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "heard", Attributes: { Policy } }));
  const bus = new EventBridgeClient(aws ?? {});
  const EventPattern = JSON.stringify({ source: ["aws.rds"], detail: { EventID: ["RDS-EVENT-0042", "RDS-EVENT-0075", "RDS-EVENT-0041"] } });
  await bus.send(new PutRuleCommand({ Name: "snapshots", EventPattern }));
  await bus.send(new PutTargetsCommand({ Rule: "snapshots", Targets: [{ Id: "heard", Arn }] }));
  return QueueUrl;
}

/** Lets RDS's time pass until everything it brings has happened, and answers what the queue heard. */
async function heard(ms: number): Promise<Record<string, never>[]> {
  await clock.advance(ms);
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body = "" }) => JSON.parse(Body));
}

let count = 0;
async function shoot(): Promise<string> {
  const id = `shot-${++count}`;
  await api.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: "shop", DBSnapshotIdentifier: id, Tags: [{ Key: "slot", Value: id }] }),
  );
  return id;
}
const statusOf = async (id: string) =>
  (await api.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }))).DBSnapshots?.[0]?.Status;

test("a snapshot that was created is told on the bus as RDS tells it", async () => {
  const id = await shoot();
  expect(await heard(MINUTE)).toEqual([]);
  await clock.advance(2 * MINUTE);
  await rds.settled();
  const resource = `arn:aws:rds:${cloud.region}:${cloud.account}:snapshot:${id}`;
  expect(await heard(0)).toMatchObject([
    {
      source: "aws.rds",
      "detail-type": "RDS DB Snapshot Event",
      account: cloud.account,
      region: cloud.region,
      resources: [resource],
      detail: {
        EventCategories: ["creation"],
        SourceType: "SNAPSHOT",
        SourceArn: resource,
        SourceIdentifier: id,
        EventID: "RDS-EVENT-0042",
        Message: "Manual snapshot created",
        Tags: { slot: id },
      },
    },
  ]);
  expect(await statusOf(id)).toBe("available");
});

test("a cluster's has its own number and type, and deleting one is told of instances only", async () => {
  await api.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: "orders", DBClusterSnapshotIdentifier: "orders-1" }));
  await clock.advance(5 * MINUTE);
  await rds.settled();
  expect(await heard(0)).toMatchObject([
    {
      "detail-type": "RDS DB Cluster Snapshot Event",
      detail: { EventID: "RDS-EVENT-0075", SourceType: "CLUSTER_SNAPSHOT", EventCategories: ["backup"] },
    },
  ]);
  await api.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: "shot-1" }));
  await clock.advance(MINUTE);
  await rds.settled();
  expect(await heard(0)).toMatchObject([{ detail: { EventID: "RDS-EVENT-0041" } }]);
});

test("what happened is described too, for whoever asks", async () => {
  rds.events.fate = lost;
  const id = await shoot();
  await clock.advance(5 * MINUTE);
  const { Events = [] } = await api.send(new DescribeEventsCommand({ SourceType: "db-snapshot", SourceIdentifier: id }));
  expect(Events.map(({ Message }) => Message)).toEqual(["Creating manual snapshot", "Manual snapshot created"]);
  expect(Events[0]).toMatchObject({
    SourceType: "db-snapshot",
    SourceIdentifier: id,
    EventCategories: ["creation"],
    Date: expect.any(Date),
  });
});

test("an event can be lost, doubled or late, and the snapshot is there all the same", async () => {
  const fates = [lost, doubled, late];
  const told: number[] = [];
  for (const fate of fates) {
    rds.events.fate = fate;
    const id = await shoot();
    await clock.advance(5 * MINUTE);
    if (fate !== late) await rds.settled();
    told.push((await heard(0)).length);
    expect(await statusOf(id)).toBe("available");
  }
  expect(told).toEqual([0, 2, 0]);
  await clock.advance(6 * 60 * MINUTE);
  await rds.settled();
  expect(await heard(0)).toHaveLength(1);
});

test("an event can come before the snapshot is seen as available", async () => {
  rds.events.ahead = 10 * MINUTE;
  const id = await shoot();
  await clock.advance(3 * MINUTE);
  await until(async () => (await heard(0)).length === 1);
  expect(await statusOf(id)).toBe("creating");
  await clock.advance(10 * MINUTE);
  await rds.settled();
  expect(await statusOf(id)).toBe("available");
});

test("what names no key is encrypted with one that says that AWS manages it", async () => {
  const login = { MasterUsername: "admin", MasterUserPassword: "correct-horse", StorageEncrypted: true };
  const safe = { DBInstanceIdentifier: "safe", DBInstanceClass: "db.m7g.large", Engine: "mysql", ...login };
  const { DBInstance } = await api.send(new CreateDBInstanceCommand(safe));
  const kms = new KMSClient({ endpoint: cloud.endpoint, region: cloud.region, credentials: cloud.root });
  const managerOf = async (KeyId: string | undefined) => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyManager;
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  expect([await managerOf(DBInstance?.KmsKeyId), await managerOf("alias/aws/rds"), await managerOf(KeyMetadata?.KeyId)]).toEqual([
    "AWS",
    "AWS",
    "CUSTOMER",
  ]);
  await clock.advance(10 * MINUTE);
});

test("only root may speak for RDS on the bus, and for nobody else", async () => {
  const entry = { Source: "aws.rds", DetailType: "RDS DB Snapshot Event", Detail: "{}" };
  const put = async (credentials: typeof cloud.root, Source: string) => {
    const bus = new EventBridgeClient({ endpoint: cloud.endpoint, region: cloud.region, credentials });
    return (await bus.send(new PutEventsCommand({ Entries: [{ ...entry, Source }] }))).Entries?.[0]?.ErrorCode;
  };
  expect(await put(cloud.root, "aws.rds")).toBeUndefined();
  expect(await put(cloud.root, "aws.s3")).toBe("NotAuthorizedForSourceException");
  expect(await put(await userWhoPuts(), "aws.rds")).toBe("NotAuthorizedForSourceException");
});

async function userWhoPuts(): Promise<typeof cloud.root> {
  const iam = new IAMClient({ endpoint: cloud.endpoint, region: cloud.region, credentials: cloud.root });
  const statement = { Effect: "Allow", Action: "events:PutEvents", Resource: "*" };
  await iam.send(new CreateUserCommand({ UserName: "putter" }));
  await iam.send(
    new PutUserPolicyCommand({ UserName: "putter", PolicyName: "put", PolicyDocument: JSON.stringify({ Statement: [statement] }) }),
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "putter" }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}
