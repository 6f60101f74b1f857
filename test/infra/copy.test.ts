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
const synthOf = async (given: object): Promise<Graph> => {
  const written = planOf(given, "");
  const apply = ({ region }: { region: string }) => described({ account, region, partition: "aws" });
  return await synth({ stage: "local", plan: written.file, apply }).finally(() => written.remove());
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
const ask = (name: string, action: string, resource: string, context = {}) => {
  const policy = policies(graph).get(`test-local-${name}`);
  if (!policy) throw new Error(`no role ${name}`);
  return simulate({ principal: `arn:aws:iam::${account}:role/test-local-${name}`, action, resource, account, context, policy });
};
const machine = `arn:aws:states:eu-central-1:${account}:stateMachine:test-local-copy`;
const execution = (name: string) => `arn:aws:states:eu-central-1:${account}:execution:test-local-copy:${name}`;
const artifact = "backups/shop/20261121T020000Z/a1/shop.dump.zst.age";
const evidence = (proof: string, source = "shop") => `evidence/${proof}/${source}/20261121T020000Z/ok.00000000.near.json`;

describe("the role that copies to a store", () => {
  test.each([
    ["copy-near", "s3:GetObject", own(artifact), "Allowed"],
    ["copy-far", "s3:GetObject", own(artifact), "Allowed"],
    ["copy-far", "s3:GetObject", own(artifact.replace("shop", "bank")), "ImplicitlyDenied"],
    ["copy-near", "s3:GetObject", own(artifact.replace("shop", "alone")), "ImplicitlyDenied"],
    ["copy-near", "s3:GetObject", own("keys/0123456789abcdef.pem"), "Allowed"],
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
