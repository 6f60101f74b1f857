import { type Graph, synth } from "@holdfast/localcloud";
import { describe as described } from "../../packages/localcloud/src/deploy/describe.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { ofType, one, planOf, policies } from "../kit/graph.ts";
import { simulate } from "../kit/simulate.ts";

const account = "111122223333";
const shop = { kind: "postgres", connection: "test/shop", schedule: "cron(0 2 * * ? *)" };
const endpoint = "https://0123abcd.eu.r2.cloudflarestorage.com";
const credentials = { copy: "test/r2-copy", prune: "test/r2-prune", read: "test/r2-read" };
const given = {
  project: "test",
  region: "eu-central-1",
  offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
  stores: {
    near: { kind: "s3", bucket: "second-bucket", region: "eu-west-1" },
    bare: { kind: "s3", bucket: "third-bucket", region: "eu-west-1", marks: false, prune: true },
    r2: { kind: "s3", bucket: "fourth-bucket", endpoint, credentials, prune: true },
  },
  sources: { shop: { ...shop, copies: ["near", "bare", "r2"] }, bank: { ...shop, copies: ["near"] } },
};
const bundles = ["PruneBare", "PruneR2"];
let graph: Graph;
beforeAll(async () => {
  const written = planOf(given, "");
  const apply = ({ region }: { region: string }) => described({ account, region, partition: "aws" });
  graph = await synth({ stage: "local", plan: written.file, bundles, apply }).finally(() => written.remove());
});

const bucket = `arn:aws:s3:::test-local-backups-${account}`;
const bare = (of: string) => `arn:aws:s3:::third-bucket/${of}`;
const artifact = "backups/shop/20261121T020000Z/a1/shop.dump.zst.age";
const secret = (name: string) => `arn:aws:secretsmanager:eu-central-1:${account}:secret:${name}-AbCdEf`;
const ask = (name: string, action: string, resource: string, context = {}) => {
  const policy = policies(graph).get(`test-local-${name}`);
  if (!policy) throw new Error(`no role ${name}`);
  return simulate({ principal: `arn:aws:iam::${account}:role/test-local-${name}`, action, resource, account, context, policy });
};

test("what carries marks is marked, what carries none is pruned, and nothing is both", () => {
  const names = ofType(graph, "aws:lambda/function:Function").map(({ inputs }) => String(inputs.name));
  expect(names.filter((name) => /-(mark|prune)-/.test(name)).sort()).toEqual([
    "test-local-mark-near",
    "test-local-prune-bare",
    "test-local-prune-r2",
  ]);
});

test("it runs daily and on nothing else, and its failures are told", () => {
  for (const name of ["test-local-prune-bare", "test-local-prune-r2"]) {
    expect(one(graph, "aws:scheduler/schedule:Schedule", (inputs) => inputs.name === name).inputs.scheduleExpression).toBe("rate(1 day)");
    expect(ofType(graph, "aws:cloudwatch/eventRule:EventRule").filter(({ inputs }) => inputs.name === name)).toEqual([]);
    expect(ofType(graph, "aws:lambda/eventSourceMapping:EventSourceMapping").filter(({ inputs }) => inputs.functionName === name)).toEqual(
      [],
    );
    const told = one(graph, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", (inputs) => inputs.functionName === name);
    expect(JSON.stringify(told.inputs.destinationConfig)).toContain("arn:aws:sns:");
  }
  for (const name of bundles) expect(graph.bundles[name]?.bytes).toBeLessThan(2_500_000);
});

describe("the role that prunes copies", () => {
  test.each([
    ["prune-bare", "s3:DeleteObjectVersion", bare(artifact), "Allowed"],
    ["prune-bare", "s3:ListBucketVersions", "arn:aws:s3:::third-bucket", "Allowed"],
    ["prune-bare", "s3:DeleteObjectVersion", bare("evidence/readable/shop/20261121T020000Z/ok.00000000.a.json"), "ImplicitlyDenied"],
    ["prune-bare", "s3:DeleteObjectVersion", bare("keys/0123456789abcdef.pem"), "ImplicitlyDenied"],
    ["prune-bare", "s3:DeleteObject", bare(artifact), "ImplicitlyDenied"],
    ["prune-bare", "s3:GetObject", bare(artifact), "ImplicitlyDenied"],
    ["prune-bare", "s3:GetObjectVersion", bare(artifact), "ImplicitlyDenied"],
    ["prune-bare", "s3:PutObject", bare(artifact), "ImplicitlyDenied"],
    ["prune-bare", "s3:PutObjectVersionTagging", bare(artifact), "ImplicitlyDenied"],
    ["prune-bare", "s3:PutObjectRetention", bare(artifact), "ImplicitlyDenied"],
    ["prune-bare", "s3:BypassGovernanceRetention", bare(artifact), "ImplicitlyDenied"],
    ["prune-bare", "s3:DeleteObjectVersion", `arn:aws:s3:::second-bucket/${artifact}`, "ImplicitlyDenied"],
    ["prune-bare", "s3:DeleteObjectVersion", `${bucket}/${artifact}`, "ImplicitlyDenied"],
    ["prune-bare", "s3:DeleteObject", `${bucket}/${artifact}`, "ImplicitlyDenied"],
    ["prune-bare", "s3:GetObjectVersion", `${bucket}/${artifact}`, "ImplicitlyDenied"],
    ["prune-bare", "s3:PutObject", `${bucket}/evidence/copied/shop/20261121T020000Z/ok.00000000.bare.json`, "ImplicitlyDenied"],
    ["prune-bare", "kms:Decrypt", `arn:aws:kms:eu-central-1:${account}:key/x`, "ImplicitlyDenied"],
    ["prune-bare", "secretsmanager:GetSecretValue", secret("test/r2-prune"), "ImplicitlyDenied"],
    ["prune-r2", "secretsmanager:GetSecretValue", secret("test/r2-prune"), "Allowed"],
    ["prune-r2", "secretsmanager:GetSecretValue", secret("test/r2-copy"), "ImplicitlyDenied"],
    ["prune-r2", "s3:DeleteObjectVersion", bare(artifact), "ImplicitlyDenied"],
    ["copy-r2", "secretsmanager:GetSecretValue", secret("test/r2-prune"), "ImplicitlyDenied"],
    ["sample-r2", "secretsmanager:GetSecretValue", secret("test/r2-prune"), "ImplicitlyDenied"],
    ["copy-bare", "s3:PutObject", bare(artifact), "Allowed"],
  ])("%s, asked for %s on %s, hears what it should", async (name, action, resource, answer) => {
    expect(await ask(name, action, resource)).toBe(answer);
  });
  test.each([
    ["backups/shop/", "Allowed"],
    ["evidence/readable/shop/", "Allowed"],
    ["backups/bank/", "ImplicitlyDenied"],
    ["keys/", "ImplicitlyDenied"],
  ])("may list %s here: %s", async (prefix, answer) => {
    expect(await ask("prune-r2", "s3:ListBucketVersions", bucket, { "s3:prefix": prefix })).toBe(answer);
  });
  test("is the only one that deletes in a bucket", () => {
    const deleting = [...policies(graph)].filter(([, { Statement }]) =>
      Statement.flatMap(({ Action }) => Action).some((action) => /^s3:(Delete|\*)|^\*$/.test(action)),
    );
    expect(deleting.map(([name]) => name)).toEqual(["test-local-prune-bare"]);
  });
});
