import { type Graph, synth } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ofType, one, planFile, planOf, policies } from "../kit/graph.ts";
import { type LifecycleRule, lifecycle } from "../kit/lifecycle.ts";
import { type Policy, simulate } from "../kit/simulate.ts";
import type { TestPlan } from "../plan.ts";

const account = "111122223333";
const vaults = Object.fromEntries(
  ["three", "alone", "spare", "drill"].map((name) => [name, [`https://${name}.example:8200`]]),
) as TestPlan["vaults"];
const keyIn = (region: string) => `arn:aws:kms:${region}:${account}:key/11111111-2222-4333-8444-555555555555`;
const plan = planFile({
  folder: "/nowhere",
  offlineKey: "age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp",
  vaults,
  key: keyIn("eu-central-1"),
  farKey: keyIn("eu-west-1"),
  ca: "-----BEGIN CERTIFICATE-----",
  copies: {
    sea: { endpoint: "https://sea.example", region: "x" },
    azure: { endpoint: "https://holdfast.blob.core.windows.net", account: "holdfast" },
    google: { endpoint: "http://127.0.0.1:4443" },
  },
});
/** Of a stage that is kept. What is kept there is the same whatever the plan. */
const small = planOf(
  {
    project: "test",
    region: "eu-central-1",
    offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
    sources: { note: { kind: "memo", secret: "test/note", schedule: "rate(1 day)" } },
  },
  'export { kinds } from "../../../test/plan.ts";',
);
let graph: Graph;
let live: Graph;
beforeAll(async () => {
  [graph, live] = await Promise.all([
    synth({ stage: "local", plan: plan.file, account }),
    synth({ stage: "prod", plan: small.file, account, bundles: [] }),
  ]);
});
afterAll(() => {
  for (const { remove } of [plan, small]) remove();
});

const bucket = () => `arn:aws:s3:::test-local-backups-${account}`;
const roleOf = (name: string): Policy => {
  const found = policies(graph).get(`test-local-${name}`);
  if (!found) throw new Error(`no role ${name}`);
  return found;
};
const bucketPolicy = () => JSON.parse(String(one(graph, "aws:s3/bucketPolicy:BucketPolicy").inputs.policy));

/** What S3 sees of a well-made request of ours. */
const create = { "s3:if-none-match": "*", "s3:ObjectCreationOperation": "true", "aws:SecureTransport": "true" };
const plain = { "aws:SecureTransport": "true" };
const ask = (role: string, action: string, key: string, context: Record<string, string> = plain) =>
  simulate({
    principal: `arn:aws:iam::${account}:role/test-local-${role}`,
    action,
    resource: key === "" ? bucket() : `${bucket()}/${key}`,
    account,
    context,
    policy: roleOf(role),
    resourcePolicy: bucketPolicy(),
  });

describe("the writer", () => {
  test.each([
    ["s3:PutObject", "backups/shop/20260101T000000Z/a/x.age", create, "Allowed"],
    ["s3:PutObject", "backups/shop/20260101T000000Z/a/x.age", { ...create, "s3:if-none-match": "" }, "Allowed"],
    ["s3:PutObject", "backups/note/20260101T000000Z/a/x.age", create, "ImplicitlyDenied"],
    ["s3:PutObject", "evidence/readable/shop/20260101T000000Z/ok.json", create, "ImplicitlyDenied"],
    ["s3:PutObject", "keys/0.pem", create, "ImplicitlyDenied"],
    ["s3:PutObject", "backups/shop/x", { "s3:ObjectCreationOperation": "true", ...plain }, "ExplicitlyDenied"],
    ["s3:PutObject", "backups/shop/x", { ...create, "aws:SecureTransport": "false" }, "ExplicitlyDenied"],
    ["s3:PutObject", "backups/shop/x", { ...create, "s3:x-amz-server-side-encryption-customer-algorithm": "AES256" }, "ExplicitlyDenied"],
    ["s3:GetObject", "backups/shop/x", plain, "ImplicitlyDenied"],
    ["s3:DeleteObject", "backups/shop/x", plain, "ExplicitlyDenied"],
    ["s3:DeleteObjectVersion", "backups/shop/x", plain, "ExplicitlyDenied"],
    ["s3:BypassGovernanceRetention", "backups/shop/x", plain, "ExplicitlyDenied"],
    ["s3:PutObjectRetention", "backups/shop/x", plain, "ImplicitlyDenied"],
    ["s3:PutObjectTagging", "backups/shop/x", plain, "ImplicitlyDenied"],
    ["s3:PutLifecycleConfiguration", "", plain, "ImplicitlyDenied"],
    ["s3:PutBucketPolicy", "", plain, "ImplicitlyDenied"],
    ["s3:ListBucketVersions", "", { ...plain, "s3:prefix": "backups/shop/20260101T000000Z/manifest.json" }, "Allowed"],
    ["s3:ListBucketVersions", "", { ...plain, "s3:prefix": "backups/note/" }, "ImplicitlyDenied"],
    ["s3:ListBucketVersions", "", plain, "ImplicitlyDenied"],
  ])("asked for %s on %s with %j it hears %#", async (action, key, context, answer) => {
    expect(await ask("backup-shop", action, key, context as Record<string, string>)).toBe(answer);
  });
});

/** Actions on which IAM knows no resource. */
const aboutNothing = [
  "cloudwatch:PutMetricData",
  "rds:DescribeAccountAttributes",
  "rds:DescribeDBEngineVersions",
  "rds:DescribeOrderableDBInstanceOptions",
];

describe("the other roles", () => {
  test.each([
    ["verify-postgres", "s3:GetObjectVersion", "backups/shop/x", plain, "Allowed"],
    ["verify-postgres", "s3:GetObject", "backups/note/x", plain, "ImplicitlyDenied"],
    ["verify-postgres", "s3:PutObject", "evidence/readable/shop/x", create, "Allowed"],
    ["verify-postgres", "s3:PutObject", "evidence/restored/shop/x", create, "ImplicitlyDenied"],
    ["verify-postgres", "s3:PutObject", "evidence/accepted/shop/x", create, "ImplicitlyDenied"],
    ["verify-postgres", "s3:PutObject", "backups/shop/x", create, "ImplicitlyDenied"],
    ["verify-postgres", "s3:PutObjectVersionTagging", "backups/shop/x", plain, "ImplicitlyDenied"],
    ["retain", "s3:PutObjectVersionTagging", "backups/shop/x", plain, "Allowed"],
    ["retain", "s3:GetObject", "backups/shop/x", plain, "ImplicitlyDenied"],
    ["retain", "s3:PutObject", "backups/shop/x", create, "ImplicitlyDenied"],
    ["retain", "s3:DeleteObjectVersion", "backups/shop/x", plain, "ExplicitlyDenied"],
    ["watch", "s3:PutObject", "keys/x.pem", create, "Allowed"],
    ["watch", "s3:GetObject", "backups/shop/x", plain, "ImplicitlyDenied"],
    ["restore-staging", "s3:PutObject", "evidence/restored/shop/x", create, "Allowed"],
    ["restore-staging", "s3:PutObject", "evidence/readable/shop/x", create, "ImplicitlyDenied"],
    ["restore-staging", "s3:PutObject", "backups/shop/x", create, "ImplicitlyDenied"],
    ["restore-staging", "s3:GetObject", "backups/note/x", plain, "ImplicitlyDenied"],
  ])("%s asked for %s on %s hears what it should", async (role, action, key, context, answer) => {
    expect(await ask(role, action, key, context as Record<string, string>)).toBe(answer);
  });

  test("KMS wraps and unwraps only with the owner's own source as context", async () => {
    const envelope = one(graph, "aws:kms/key:Key", ({ multiRegion }) => multiRegion === true).outputs.arn as string;
    const kms = (role: string, action: string, source: string) =>
      simulate({
        principal: `arn:aws:iam::${account}:role/test-local-${role}`,
        action,
        resource: envelope,
        account,
        context: { "kms:EncryptionContext:source": source },
        policy: roleOf(role),
        resourcePolicy: JSON.parse(String(one(graph, "aws:kms/key:Key", ({ multiRegion }) => multiRegion === true).inputs.policy)),
      });
    expect(await kms("backup-shop", "kms:Encrypt", "shop")).toBe("Allowed");
    expect(await kms("backup-shop", "kms:Encrypt", "note")).toBe("ImplicitlyDenied");
    expect(await kms("backup-shop", "kms:Decrypt", "shop")).toBe("ImplicitlyDenied");
    expect(await kms("verify-postgres", "kms:Decrypt", "shop")).toBe("Allowed");
    expect(await kms("verify-postgres", "kms:Decrypt", "note")).toBe("ImplicitlyDenied");
    expect(await kms("retain", "kms:Decrypt", "shop")).toBe("ImplicitlyDenied");
    expect(await kms("watch", "kms:Decrypt", "shop")).toBe("ImplicitlyDenied");
    // Their backups are manifests alone, which nobody encrypts.
    expect(await kms("backup-orders", "kms:Encrypt", "orders")).toBe("ImplicitlyDenied");
    expect(await kms("verify-aurora", "kms:Decrypt", "orders")).toBe("ImplicitlyDenied");
  });

  test("no role holds a wildcard action, and a wildcard resource only where AWS has no other", () => {
    for (const [role, { Statement }] of policies(graph))
      for (const { Sid, Action, Resource } of Statement) {
        expect(
          Action.filter((action) => action.includes("*")),
          `${role} ${Sid}`,
        ).toEqual([]);
        if (Resource.includes("*")) expect(aboutNothing, `${role} ${Sid}`).toEqual(expect.arrayContaining(Action));
      }
  });
});

describe("each role of a source at RDS", () => {
  const at = "20260101t000000z";
  const [own, ownRaw] = [`cluster-snapshot:holdfast-orders-prod-${at}`, `cluster-snapshot:holdfastraw-orders-prod-${at}`];
  const tills = `snapshot:holdfast-till-prod-${at}`;
  const far = (name: string, region = "eu-west-1") => `arn:aws:rds:${region}:${account}:${name}`;
  test.each([
    ["backup-orders", "rds:CreateDBClusterSnapshot", "cluster:orders-prod", "Allowed"],
    ["backup-orders", "rds:CreateDBClusterSnapshot", own, "Allowed"],
    ["backup-orders", "rds:CreateDBClusterSnapshot", "cluster:orders-prod-eu", "ImplicitlyDenied"],
    ["backup-orders", "rds:CreateDBClusterSnapshot", `cluster-snapshot:holdfast-orders-prod-eu-${at}`, "ImplicitlyDenied"],
    ["backup-orders", "rds:AddTagsToResource", "cluster:orders-prod", "ImplicitlyDenied"],
    ["backup-orders", "rds:CreateDBSnapshot", "db:till-prod", "ImplicitlyDenied"],
    ["backup-orders", "rds:DeleteDBClusterSnapshot", ownRaw, "Allowed"],
    ["backup-orders", "rds:DeleteDBClusterSnapshot", own, "ImplicitlyDenied"],
    ["backup-orders", "rds:DeleteDBCluster", "cluster:orders-prod", "ImplicitlyDenied"],
    ["backup-orders", "rds:RestoreDBClusterFromSnapshot", own, "ImplicitlyDenied"],
    ["backup-till", "rds:CreateDBSnapshot", "db:till-prod", "Allowed"],
    ["backup-till", "rds:CreateDBSnapshot", tills, "Allowed"],
    ["backup-till", "rds:CreateDBSnapshot", "db:till", "ImplicitlyDenied"],
    ["backup-till", "rds:CreateDBSnapshot", "db:orders-prod-1", "ImplicitlyDenied"],
    ["backup-till", "rds:CreateDBClusterSnapshot", "cluster:orders-prod", "ImplicitlyDenied"],
    ["backup-till", "rds:DeleteDBSnapshot", tills, "ImplicitlyDenied"],
    ["backup-till", "rds:ModifyDBSnapshotAttribute", tills, "ImplicitlyDenied"],
    ["verify-aurora", "rds:DescribeDBClusterSnapshots", own, "Allowed"],
    ["verify-aurora", "rds:DescribeDBSnapshots", tills, "ImplicitlyDenied"],
    ["verify-aurora", "rds:DescribeDBClusters", "cluster:orders-prod", "ImplicitlyDenied"],
    ["verify-rds", "rds:DescribeDBSnapshots", tills, "Allowed"],
    ["verify-rds", "rds:DeleteDBSnapshot", tills, "ImplicitlyDenied"],
    ["restore-clusters", "rds:RestoreDBClusterFromSnapshot", own, "Allowed"],
    ["restore-clusters", "rds:DeleteDBCluster", "cluster:restored-orders-prod", "Allowed"],
    ["restore-clusters", "rds:DeleteDBCluster", "cluster:orders-prod", "ImplicitlyDenied"],
    ["restore-clusters", "rds:ModifyDBCluster", "cluster:orders-prod", "ImplicitlyDenied"],
    ["restore-clusters", "rds:DeleteDBInstance", "db:orders-prod-1", "ImplicitlyDenied"],
    ["restore-clusters", "rds:DeleteDBClusterSnapshot", own, "ImplicitlyDenied"],
    ["restore-clusters", "rds:AddTagsToResource", own, "ImplicitlyDenied"],
    ["restore-instances", "rds:RestoreDBInstanceFromDBSnapshot", tills, "Allowed"],
    ["restore-instances", "rds:DeleteDBInstance", "db:restored-till-prod", "Allowed"],
    ["restore-instances", "rds:DeleteDBInstance", "db:till-prod", "ImplicitlyDenied"],
    ["restore-instances", "rds:ModifyDBInstance", "db:till-prod", "ImplicitlyDenied"],
    ["restore-instances", "rds:DeleteDBSnapshot", tills, "ImplicitlyDenied"],
    ["prune-orders", "rds:DeleteDBClusterSnapshot", own, "Allowed"],
    ["prune-orders", "rds:DeleteDBClusterSnapshot", far(own), "Allowed"],
    ["prune-orders", "rds:DeleteDBClusterSnapshot", `cluster-snapshot:holdfast-orders-prod-eu-${at}`, "ImplicitlyDenied"],
    ["prune-orders", "rds:DeleteDBClusterSnapshot", "cluster-snapshot:rds:orders-prod-2026-01-01-00-00", "ImplicitlyDenied"],
    ["prune-orders", "rds:DeleteDBClusterSnapshot", "cluster-snapshot:made-by-hand", "ImplicitlyDenied"],
    ["prune-orders", "rds:DeleteDBSnapshot", tills, "ImplicitlyDenied"],
    ["prune-orders", "rds:CreateDBClusterSnapshot", own, "ImplicitlyDenied"],
    ["prune-till", "rds:DeleteDBSnapshot", tills, "Allowed"],
    ["prune-till", "rds:DeleteDBSnapshot", far(tills), "ImplicitlyDenied"],
    ["prune-till", "rds:DeleteDBClusterSnapshot", own, "ImplicitlyDenied"],
    ["replicate-orders", "rds:CopyDBClusterSnapshot", own, "Allowed"],
    ["replicate-orders", "rds:CopyDBClusterSnapshot", far(own), "Allowed"],
    ["replicate-orders", "rds:CopyDBClusterSnapshot", far(own, "us-east-1"), "ImplicitlyDenied"],
    ["replicate-orders", "rds:CopyDBClusterSnapshot", `cluster-snapshot:holdfast-orders-prod-eu-${at}`, "ImplicitlyDenied"],
    ["replicate-orders", "rds:CopyDBSnapshot", tills, "ImplicitlyDenied"],
    ["replicate-orders", "rds:DeleteDBClusterSnapshot", far(own), "ImplicitlyDenied"],
    ["replicate-orders", "rds:ModifyDBClusterSnapshotAttribute", own, "ImplicitlyDenied"],
    ["backup-orders-dump", "rds:DescribeDBClusters", "cluster:orders-prod", "Allowed"],
    ["backup-orders-dump", "rds:CreateDBClusterSnapshot", "cluster:orders-prod", "ImplicitlyDenied"],
    ["watch", "rds:DescribeDBSnapshots", tills, "ImplicitlyDenied"],
    ["retain", "rds:DeleteDBSnapshot", tills, "ImplicitlyDenied"],
  ])("%s asked for %s on %s hears %s", async (role, action, name, answer) => {
    const principal = `arn:aws:iam::${account}:role/test-local-${role}`;
    const resource = name.startsWith("arn:") ? name : `arn:aws:rds:eu-central-1:${account}:${name}`;
    expect(await simulate({ principal, action, resource, account, context: { ...plain, ...tagged(role) }, policy: roleOf(role) })).toBe(
      answer,
    );
  });

  const tag = (name: string, value: string) => ({ [`aws:ResourceTag/holdfast:${name}`]: value });
  /** As what the role may change or delete is tagged. */
  function tagged(role: string): Record<string, string> {
    if (role.startsWith("restore-")) return tag("execution", "one");
    return role.startsWith("prune-") ? { ...tag("project", "test-local"), ...tag("source", role.replace("prune-", "")) } : {};
  }
  const asked = (role: string, action: string, name: string, context: Record<string, string>) =>
    simulate({
      principal: `arn:aws:iam::${account}:role/test-local-${role}`,
      action,
      resource: `arn:aws:rds:eu-central-1:${account}:${name}`,
      account,
      context: { ...plain, ...context },
      policy: roleOf(role),
    });

  test.each([
    ["restore-instances", "db:restored-till-prod", ["Modify", "Delete"].map((verb) => `rds:${verb}DBInstance`)],
    ["restore-instances", "db:restored-till-prod", ["rds:AddTagsToResource", "rds:RemoveTagsFromResource"]],
    ["restore-clusters", "cluster:restored-orders-prod", ["Modify", "Delete"].map((verb) => `rds:${verb}DBCluster`)],
    ["restore-clusters", "cluster:restored-orders-prod", ["rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds:CreateDBInstance"]],
    ["restore-clusters", "db:restored-orders-prod-1", ["rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds:DeleteDBInstance"]],
  ])("%s does to %s what it must while its restore is under way, and nothing of it once it is handed over", async (role, name, actions) => {
    const mark = { "aws:RequestTag/holdfast:execution": "two" };
    for (const action of actions) {
      expect(await asked(role, action, name, tag("execution", "one")), action).toBe("Allowed");
      expect(await asked(role, action, name, tag("handed-over", "one")), action).toBe("ImplicitlyDenied");
      expect(await asked(role, action, name, {}), action).toBe("ImplicitlyDenied");
      expect(await asked(role, action, name, { ...mark, ...tag("handed-over", "one") }), action).toBe("ImplicitlyDenied");
    }
    expect(await asked(role, "rds:AddTagsToResource", name, mark)).toBe("Allowed");
  });

  test.each([
    ["prune-till", "rds:DeleteDBSnapshot", tills, "till"],
    ["prune-orders", "rds:DeleteDBClusterSnapshot", own, "orders"],
  ])("%s deletes only what this deployment took for its source, as the tags tell", async (role, action, name, source) => {
    const [project, of] = [tag("project", "test-local"), tag("source", source)];
    expect(await asked(role, action, name, { ...project, ...of })).toBe("Allowed");
    for (const context of [{}, project, of, { ...project, ...tag("source", "other") }, { ...tag("project", "test-prod"), ...of }])
      expect(await asked(role, action, name, context)).toBe("ImplicitlyDenied");
  });
});

describe("the graph", () => {
  test("each function has a role of its own that only Lambda assumes, a log that ends and no variable that could be a secret", () => {
    const functions = ofType(graph, "aws:lambda/function:Function");
    expect(functions.length).toBeGreaterThan(6);
    expect(new Set(functions.map(({ inputs }) => inputs.role)).size).toBe(functions.length);
    const trusts = ofType(graph, "aws:iam/role:Role").map(({ inputs }) => JSON.parse(String(inputs.assumeRolePolicy)).Statement);
    for (const [trust] of trusts)
      expect(["lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"]).toContain(trust.Principal.Service);
    for (const { inputs } of functions)
      expect(
        Object.keys((inputs.environment as { variables: object }).variables).filter((name) => /PASSWORD|SECRET|TOKEN/.test(name)),
      ).toEqual([]);
  });

  test("each consumer's queue has a dead-letter queue, one message at a time, and six times the function's timeout", () => {
    const mappings = ofType(graph, "aws:lambda/eventSourceMapping:EventSourceMapping");
    expect(mappings.length).toBeGreaterThan(0);
    for (const { inputs } of mappings) {
      const queue = one(graph, "aws:sqs/queue:Queue", ({ name }) => String(inputs.eventSourceArn).endsWith(`:${name}`));
      const fn = one(graph, "aws:lambda/function:Function", ({ name }) => String(inputs.functionName).endsWith(String(name)));
      expect(JSON.parse(String(queue.inputs.redrivePolicy)).deadLetterTargetArn).toContain("-dead");
      expect(queue.inputs.visibilityTimeoutSeconds).toBe(6 * Number(fn.inputs.timeout));
      expect(inputs.batchSize).toBe(1);
    }
  });

  test("buckets and keys are protected and retained in every stage but the local one", () => {
    for (const type of ["aws:s3/bucket:Bucket", "aws:kms/key:Key"]) {
      expect(ofType(live, type).length).toBeGreaterThan(0);
      expect(ofType(live, type).map(({ options }) => [options.protect, options.retainOnDelete])).toEqual(
        ofType(live, type).map(() => [true, true]),
      );
      expect(ofType(graph, type).some(({ options }) => options.protect)).toBe(false);
    }
  });

  test("each bundle is under 2.5 MB", () => {
    const sizes = Object.entries(graph.bundles).map(([name, { bytes }]) => [name, bytes] as const);
    expect(sizes.length).toBeGreaterThan(6);
    expect(sizes.filter(([, bytes]) => bytes > 2_500_000)).toEqual([]);
  });

  test("an alarm a source treats silence as a breach and tells the topic", () => {
    const alarms = ofType(graph, "aws:cloudwatch/metricAlarm:MetricAlarm").filter(
      ({ inputs }) => inputs.metricName === "VerifiedBackupAge",
    );
    expect(alarms.map(({ inputs }) => (inputs.dimensions as { Source: string }).Source).sort()).toEqual([
      "box",
      "letter",
      "note",
      "orders",
      "orders-dump",
      "shop",
      "tick",
      "till",
      "vault",
    ]);
    for (const { inputs } of alarms)
      expect(inputs).toMatchObject({ treatMissingData: "breaching", alarmActions: [expect.stringContaining(":test-local-notice")] });
  });
});

test("a message that nobody could work on has an alarm at every dead-letter queue, and tells the topic", () => {
  const dead = ofType(graph, "aws:sqs/queue:Queue").filter(({ inputs }) => String(inputs.name).endsWith("-dead"));
  const alarms = ofType(graph, "aws:cloudwatch/metricAlarm:MetricAlarm").filter(({ inputs }) => inputs.namespace === "AWS/SQS");
  const queues = alarms.map(({ inputs }) => (inputs.dimensions as { QueueName: string }).QueueName);
  expect(queues.sort()).toEqual(dead.map(({ inputs }) => inputs.name).sort());
  expect(queues.length).toBeGreaterThan(5);
  for (const { inputs } of alarms)
    expect(inputs).toMatchObject({ threshold: 0, alarmActions: [expect.stringContaining(":test-local-notice")] });
});

describe("the lifecycle rules, as S3 would carry them out", () => {
  const rules = () =>
    one(graph, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs.rules as unknown as LifecycleRule[];
  const born = new Date("2026-01-01T00:00:00Z");
  const days = (count: number) => new Date(born.getTime() + count * 86_400_000 + 3_600_000);
  const object = (tags?: Record<string, string>) => ({
    key: "backups/shop/20260101T000000Z/a/x.age",
    createdAt: born,
    bytes: 10_000_000,
    ...(tags ? { tags } : {}),
  });

  test("what is not marked never goes, however old", () => {
    expect(lifecycle(rules(), [object()], days(5000))).toEqual([]);
  });
  test("a mark alone does not make anything go before its age", () => {
    expect(lifecycle(rules(), [object({ release: "30d" })], days(29))).toEqual([]);
    expect(lifecycle(rules(), [object({ release: "30d" })], days(32))).toMatchObject([{ do: "hide", rule: "release-30d" }]);
    expect(lifecycle(rules(), [object({ release: "372d" })], days(371))).toEqual([]);
  });
  test("a mark that no rule knows does nothing", () => {
    expect(lifecycle(rules(), [object({ release: "1d" })], days(5000))).toEqual([]);
  });
  test("monthly ones move to Glacier after 30 days, and no others", () => {
    expect(lifecycle(rules(), [object({ tier: "monthly" })], days(32))).toMatchObject([{ do: "archive", to: "GLACIER" }]);
    expect(lifecycle(rules(), [object({ tier: "daily" })], days(32))).toEqual([]);
  });
  test("unfinished uploads go after two days", () => {
    expect(lifecycle(rules(), [{ ...object(), kind: "upload" as const }], days(4))).toMatchObject([{ do: "abort" }]);
  });
});
