import { type Graph, synth } from "@holdfast/localcloud";
import { checkDefinition } from "../../packages/localcloud/src/deploy/definition.ts";
import { describe as described } from "../../packages/localcloud/src/deploy/describe.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { ofType, one, planOf, policies } from "../kit/graph.ts";
import { simulate } from "../kit/simulate.ts";

const account = "111122223333";
const shop = { kind: "postgres", connection: "test/shop", schedule: "cron(0 2 * * ? *)" };
const plan = (copies: string[]) => ({
  project: "test",
  region: "eu-central-1",
  offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
  stores: {
    near: { kind: "s3", bucket: "second-bucket", region: "eu-west-1" },
    far: {
      kind: "s3",
      bucket: "third-bucket",
      endpoint: "https://s3.example",
      region: "x",
      credentials: { copy: "test/far-copy", mark: "test/far-mark", read: "test/far-read" },
    },
  },
  sources: { shop: { ...shop, copies }, bank: { ...shop, copies: copies.slice(0, 1) }, alone: shop },
});
const bundles = ["CopyNear", "MarkNear", "SampleNear"];
const synthOf = async (given: object): Promise<Graph> => {
  const written = planOf(given, "");
  const apply = ({ region }: { region: string }) => described({ account, region, partition: "aws" });
  return await synth({ stage: "local", plan: written.file, bundles, apply }).finally(() => written.remove());
};
let graph: Graph;
let without: Graph;
beforeAll(async () => {
  [graph, without] = await Promise.all([synthOf(plan(["near", "far"])), synthOf(plan([]))]);
});

const bucket = `arn:aws:s3:::test-local-backups-${account}`;
const secret = (name: string) => `arn:aws:secretsmanager:eu-central-1:${account}:secret:${name}-AbCdEf`;
const own = (of: string) => `${bucket}/${of}`;
const near = (of: string) => `arn:aws:s3:::second-bucket/${of}`;
const ask = (name: string, action: string, resource: string, context = {}, resourcePolicy?: unknown) => {
  const policy = policies(graph).get(`test-local-${name}`);
  if (!policy) throw new Error(`no role ${name}`);
  return simulate({
    principal: `arn:aws:iam::${account}:role/test-local-${name}`,
    action,
    resource,
    account,
    context,
    policy,
    ...(resourcePolicy ? { resourcePolicy } : {}),
  });
};
const machine = `arn:aws:states:eu-central-1:${account}:stateMachine:test-local-copy`;
const execution = (name: string) => `arn:aws:states:eu-central-1:${account}:execution:test-local-copy:${name}`;
const queue = (name: string) => `arn:aws:sqs:eu-central-1:${account}:test-local-${name}`;
const artifact = "backups/shop/20261121T020000Z/a1/shop.dump.zst.age";
const evidence = (proof: string, source = "shop") => `evidence/${proof}/${source}/20261121T020000Z/ok.00000000.near.json`;

describe("the role that copies to a store", () => {
  test.each([
    ["copy-near", "s3:GetObjectVersion", own(artifact), "Allowed"],
    ["copy-far", "s3:GetObjectVersion", own(artifact), "Allowed"],
    ["copy-far", "s3:GetObjectVersion", own(artifact.replace("shop", "bank")), "ImplicitlyDenied"],
    ["copy-near", "s3:GetObjectVersion", own(artifact.replace("shop", "alone")), "ImplicitlyDenied"],
    ["copy-near", "s3:GetObject", own(artifact), "ImplicitlyDenied"],
    ["copy-near", "s3:GetObject", own("keys/0123456789abcdef.pem"), "ImplicitlyDenied"],
    ["copy-near", "s3:GetObjectVersion", own(evidence("readable")), "Allowed"],
    ["copy-near", "s3:GetObject", own(evidence("readable")), "Allowed"],
    ["copy-near", "s3:GetObject", own(evidence("readable", "alone")), "ImplicitlyDenied"],
    ["copy-near", "s3:GetObjectVersion", own("keys/0123456789abcdef.pem"), "Allowed"],
    ["copy-near", "s3:PutObject", own(evidence("copied")), "Allowed"],
    ["copy-far", "s3:PutObject", own(evidence("copied", "bank")), "ImplicitlyDenied"],
    ["copy-near", "s3:PutObject", own(evidence("readable")), "ImplicitlyDenied"],
    ["copy-near", "s3:PutObject", own(artifact), "ImplicitlyDenied"],
    ["copy-near", "s3:PutObject", near(artifact), "Allowed"],
    ["copy-far", "s3:PutObject", near(artifact), "ImplicitlyDenied"],
    ["copy-near", "s3:PutObjectVersionTagging", near(artifact), "ImplicitlyDenied"],
    ["copy-near", "s3:PutObjectVersionTagging", own(artifact), "ImplicitlyDenied"],
    ["copy-near", "s3:PutObjectRetention", near(artifact), "ImplicitlyDenied"],
    ["copy-near", "kms:Decrypt", `arn:aws:kms:eu-central-1:${account}:key/x`, "ImplicitlyDenied"],
    ["copy-near", "sqs:ChangeMessageVisibility", queue("copy-near"), "Allowed"],
    ["copy-near", "sqs:ChangeMessageVisibility", queue("copy-far"), "ImplicitlyDenied"],
    ["copy-near", "sqs:SendMessage", queue("copy-near"), "ImplicitlyDenied"],
    ["copy-near", "states:StartExecution", machine, "Allowed"],
    ["copy-near", "states:DescribeExecution", execution("near-shop-20261121T020000Z-00000000"), "Allowed"],
    ["copy-near", "states:DescribeExecution", execution("far-shop-20261121T020000Z-00000000"), "ImplicitlyDenied"],
    ["copy-far", "secretsmanager:GetSecretValue", secret("test/far-copy"), "Allowed"],
    ["copy-far", "secretsmanager:GetSecretValue", secret("test/far-mark"), "ImplicitlyDenied"],
    ["copy-near", "secretsmanager:GetSecretValue", secret("test/far-copy"), "ImplicitlyDenied"],
  ])("%s, asked for %s on %s, hears what it should", async (name, action, resource, answer) => {
    expect(await ask(name, action, resource)).toBe(answer);
  });
});

/** What it asks without a version is asked of listings: test/kit/copyrole.ts holds the code to this. */
test.each([
  [artifact, "Allowed"],
  ["backups/shop/20261121T020000Z/", "Allowed"],
  ["evidence/restored/shop/20261121T020000Z/", "Allowed"],
  ["keys/", "Allowed"],
  ["keys/0123456789abcdef.pem", "Allowed"],
  ["backups/alone/20261121T020000Z/", "ImplicitlyDenied"],
  ["evidence/restored/alone/", "ImplicitlyDenied"],
  ["", "ImplicitlyDenied"],
])("whoever copies may list %j: %s", async (prefix, answer) => {
  expect(await ask("copy-near", "s3:ListBucketVersions", bucket, { "s3:prefix": prefix })).toBe(answer);
  expect(await ask("copy-near", "s3:ListBucket", bucket, { "s3:prefix": prefix })).toBe("ImplicitlyDenied");
});

describe("the role that marks in a store", () => {
  test.each([
    ["mark-near", "s3:PutObjectVersionTagging", near(artifact), "Allowed"],
    ["mark-near", "s3:GetObject", near(artifact), "ImplicitlyDenied"],
    ["mark-near", "s3:PutObject", near(artifact), "ImplicitlyDenied"],
    ["mark-near", "s3:PutObjectVersionTagging", own(artifact), "ImplicitlyDenied"],
    ["mark-near", "s3:GetObject", own(artifact), "ImplicitlyDenied"],
    ["mark-near", "s3:PutObject", own(evidence("copied")), "ImplicitlyDenied"],
    ["mark-near", "kms:Sign", `arn:aws:kms:eu-central-1:${account}:key/x`, "ImplicitlyDenied"],
    ["mark-far", "secretsmanager:GetSecretValue", secret("test/far-mark"), "Allowed"],
    ["mark-far", "secretsmanager:GetSecretValue", secret("test/far-copy"), "ImplicitlyDenied"],
    ["mark-far", "s3:PutObjectVersionTagging", near(artifact), "ImplicitlyDenied"],
  ])("%s, asked for %s on %s, hears what it should", async (name, action, resource, answer) => {
    expect(await ask(name, action, resource)).toBe(answer);
  });
  test.each([
    ["backups/shop/", "mark-far", "Allowed"],
    ["evidence/readable/shop/", "mark-far", "Allowed"],
    ["backups/bank/", "mark-far", "ImplicitlyDenied"],
    ["backups/alone/", "mark-near", "ImplicitlyDenied"],
  ])("may list %s here, by %s: %s", async (prefix, name, answer) => {
    expect(await ask(name, "s3:ListBucketVersions", bucket, { "s3:prefix": prefix })).toBe(answer);
  });
});

describe("the role that looks at copies", () => {
  test.each([
    ["sample-near", "s3:GetObject", near(artifact), "Allowed"],
    ["sample-near", "s3:PutObject", near(artifact), "ImplicitlyDenied"],
    ["sample-near", "s3:PutObjectVersionTagging", near(artifact), "ImplicitlyDenied"],
    ["sample-near", "s3:GetObjectVersion", own(artifact), "Allowed"],
    ["sample-near", "s3:GetObjectVersion", own(artifact.replace("shop", "alone")), "ImplicitlyDenied"],
    ["sample-near", "s3:PutObject", own(evidence("copied")), "Allowed"],
    ["sample-near", "s3:PutObject", own(evidence("restored")), "ImplicitlyDenied"],
    ["sample-near", "sqs:SendMessage", queue("copy-near"), "Allowed"],
    ["sample-near", "sqs:SendMessage", queue("copy-far"), "ImplicitlyDenied"],
    ["sample-near", "states:StartExecution", machine, "ImplicitlyDenied"],
    ["sample-far", "secretsmanager:GetSecretValue", secret("test/far-read"), "Allowed"],
    ["sample-far", "secretsmanager:GetSecretValue", secret("test/far-copy"), "ImplicitlyDenied"],
    ["watch", "sqs:SendMessage", queue("copy-far"), "Allowed"],
    ["watch", "sqs:SendMessage", queue("mark-far"), "ImplicitlyDenied"],
    ["watch", "secretsmanager:ListSecretVersionIds", secret("test/far-mark"), "Allowed"],
    ["watch", "secretsmanager:ListSecretVersionIds", secret("test/shop"), "ImplicitlyDenied"],
    ["watch", "secretsmanager:GetSecretValue", secret("test/far-mark"), "ImplicitlyDenied"],
  ])("%s, asked for %s on %s, hears what it should", async (name, action, resource, answer) => {
    expect(await ask(name, action, resource)).toBe(answer);
  });
});

test("the age of a store's standing keys has an alarm, on which silence is a breach, and a store without them has none", () => {
  const alarms = ofType(graph, "aws:cloudwatch/metricAlarm:MetricAlarm").filter(({ inputs }) => inputs.metricName === "StoreKeyAge");
  expect(alarms.map(({ inputs }) => inputs)).toEqual([
    expect.objectContaining({
      dimensions: { Project: "test", Stage: "local", Store: "far" },
      threshold: 90 * 86_400,
      treatMissingData: "breaching",
      alarmDescription: expect.stringContaining("test/far-copy, test/far-mark, test/far-read"),
    }),
  ]);
});

test("nobody who copies, marks or looks deletes or stands in a VPC, and whoever looks alone decrypts", () => {
  const roles = [...policies(graph)].filter(([name]) => /-(copy|mark|sample)-(near|far)$/.test(name));
  expect(roles).toHaveLength(6);
  for (const [name, { Statement }] of roles)
    for (const action of Statement.flatMap(({ Action }) => Action)) {
      expect(action).not.toMatch(/s3:Delete|\*|ec2:|Bypass/);
      if (!name.includes("-sample-")) expect(action).not.toContain("Decrypt");
    }
});
test.each([
  ["sample-near", "shop", "Allowed"],
  ["sample-near", "bank", "Allowed"],
  ["sample-far", "shop", "Allowed"],
  ["sample-far", "bank", "ImplicitlyDenied"],
  ["sample-near", "alone", "ImplicitlyDenied"],
])("%s may open what was sealed for %s: %s", async (name, source, answer) => {
  const { inputs, outputs } = one(graph, "aws:kms/key:Key", ({ multiRegion }) => multiRegion === true);
  const resourcePolicy = JSON.parse(String(inputs.policy));
  const decrypt = (context: Record<string, string>) => ask(name, "kms:Decrypt", String(outputs.arn), context, resourcePolicy);
  expect(await decrypt({ "kms:EncryptionContext:source": source })).toBe(answer);
  expect(await decrypt({})).toBe("ImplicitlyDenied");
});
test("whoever looks lists public keys here, and reads none", async () => {
  expect(await ask("sample-near", "s3:ListBucketVersions", bucket, { "s3:prefix": "keys/" })).toBe("Allowed");
  expect(await ask("sample-near", "s3:GetObjectVersion", own("keys/0123456789abcdef.pem"))).toBe("ImplicitlyDenied");
});

test("few copies to a store are under way at once, and few workers at one of them", () => {
  const { inputs } = one(
    graph,
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    ({ functionName }) => functionName === "test-local-copy-far",
  );
  expect(inputs).toMatchObject({ batchSize: 1, scalingConfig: { maximumConcurrency: 2 } });
  const machine = one(graph, "aws:sfn/stateMachine:StateMachine", ({ name }) => name === "test-local-copy");
  const { Artifacts } = JSON.parse(String(machine.inputs.definition)).States;
  expect(Artifacts.MaxConcurrency).toBe(1);
  expect(Artifacts.ItemProcessor.States.Ranges.MaxConcurrency).toBe(8);
});

test("each is woken by the evidence that it is there for, and what a person would wait for is asked daily too", () => {
  const keys = (name: string) => {
    const { inputs } = one(graph, "aws:cloudwatch/eventRule:EventRule", (rule) => rule.name === `test-local-${name}`);
    return JSON.parse(String(inputs.eventPattern)).detail.object.key;
  };
  expect(keys("copy-near")).toEqual([
    { wildcard: "evidence/readable/*/ok.*" },
    { wildcard: "evidence/readable/*/doubt.*" },
    { prefix: "evidence/restored/" },
    { prefix: "evidence/accepted/" },
    { prefix: "evidence/copied/" },
  ]);
  expect(keys("mark-near")).toEqual([{ prefix: "evidence/copied/" }]);
  for (const name of ["mark-near", "mark-far", "sample-near", "sample-far"])
    one(graph, "aws:scheduler/schedule:Schedule", (inputs) => inputs.name === `test-local-${name}`);
  for (const name of bundles) expect(graph.bundles[name]?.bytes).toBeLessThan(2_500_000);
});

test("the state machine is one that AWS takes, knows each store, and starts nothing but their functions", async () => {
  const { inputs } = one(graph, "aws:sfn/stateMachine:StateMachine", ({ name }) => name === "test-local-copy");
  checkDefinition("copy", String(inputs.definition));
  expect(String(inputs.definition)).not.toContain("@");
  expect(JSON.parse(String(inputs.definition)).States.Start.Assign.functions).toEqual({
    near: expect.stringContaining("copy-near"),
    far: expect.stringContaining("copy-far"),
  });
  const statements = policies(graph).get("test-local-copy")?.Statement ?? [];
  expect(statements.map(({ Action }) => Action)).toEqual([["lambda:InvokeFunction"]]);
});

test("a large copy that fails is told", () => {
  const rule = one(graph, "aws:cloudwatch/eventRule:EventRule", ({ name }) => name === "test-local-copy-failed");
  expect(JSON.parse(String(rule.inputs.eventPattern)).detail).toEqual({
    stateMachineArn: [machine],
    status: ["FAILED", "TIMED_OUT", "ABORTED"],
  });
});
test("nothing is made where no source names a store", () => {
  const verbs = /^test-local-(copy|mark|sample)/;
  const named = (of: Graph, type: string) =>
    ofType(of, type)
      .map(({ inputs }) => String(inputs.name))
      .filter((name) => verbs.test(name));
  for (const type of ["aws:iam/role:Role", "aws:sqs/queue:Queue", "aws:sfn/stateMachine:StateMachine"]) {
    expect(named(graph, type)).not.toEqual([]);
    expect(named(without, type)).toEqual([]);
  }
});
