import { type Graph, synth } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ofType, one, planOf, policies } from "../kit/graph.ts";
import { simulate } from "../kit/simulate.ts";

const account = "111122223333";
const region = "eu-central-1";
const schedule = "cron(0 2 * * ? *)";
const key = `arn:aws:kms:${region}:${account}:key/one`;
const plan = planOf(
  {
    project: "test",
    region,
    offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
    sources: {
      shop: { kind: "rds", instance: "shop", key, schedule, dump: false, snapshots: 5 },
      orders: { kind: "aurora", cluster: "orders", schedule, dump: false },
      note: { kind: "memo", secret: "test/note", schedule },
    },
  },
  `import { kind } from "../../../test/kinds/memo/kind.ts";\nexport const kinds = { memo: { kind, folder: "test/kinds/memo" } };`,
);
let graph: Graph;
beforeAll(async () => {
  graph = await synth({ stage: "local", plan: plan.file, account, bundles: [] });
});
afterAll(plan.remove);

const bucket = `arn:aws:s3:::test-local-backups-${account}`;
const rds = (resource: string) => `arn:aws:rds:${region}:${account}:${resource}`;
async function ask(role: string, action: string, resource: string, context: Record<string, string> = {}): Promise<string> {
  const policy = policies(graph).get(`test-local-${role}`);
  if (!policy) throw new Error(`no role ${role}`);
  return await simulate({
    principal: `arn:aws:iam::${account}:role/test-local-${role}`,
    action,
    resource,
    account,
    context: { "aws:SecureTransport": "true", ...context },
    policy,
    ...(resource.startsWith("arn:aws:s3")
      ? { resourcePolicy: JSON.parse(String(one(graph, "aws:s3/bucketPolicy:BucketPolicy").inputs.policy)) }
      : {}),
  });
}
const tagged = (source: string) => ({ "aws:ResourceTag/holdfast:project": "test-local", "aws:ResourceTag/holdfast:source": source });
const create = { "s3:if-none-match": "*", "s3:ObjectCreationOperation": "true" };

test("each source whose kind keeps backups at its own service has a function that prunes it, and no other", () => {
  const names = ofType(graph, "aws:lambda/function:Function").map(({ inputs }) => String(inputs.name));
  expect(names.filter((name) => name.includes("prune")).sort()).toEqual(["test-local-prune-orders", "test-local-prune-shop"]);
});

test("it runs daily, and on evidence of its own source alone", () => {
  const rule = one(graph, "aws:cloudwatch/eventRule:EventRule", ({ name }) => name === "test-local-prune-shop");
  expect(JSON.parse(String(rule.inputs.eventPattern)).detail.object.key).toEqual([{ prefix: "evidence/present/shop/" }]);
  const daily = one(graph, "aws:scheduler/schedule:Schedule", ({ name }) => name === "test-local-prune-shop");
  expect(daily.inputs.scheduleExpression).toBe("rate(1 day)");
});

describe("the role that prunes an instance", () => {
  test.each([
    ["rds:DeleteDBSnapshot", "snapshot:holdfast-shop-20261121t020000z", "Allowed"],
    ["rds:DeleteDBSnapshot", "snapshot:holdfast-shop-20261121t020000z-2", "Allowed"],
    ["rds:DeleteDBSnapshot", "snapshot:holdfastraw-shop-20261121t020000z", "Allowed"],
    ["rds:DeleteDBSnapshot", "snapshot:holdfast-shop-eu-20261121t020000z", "ImplicitlyDenied"],
    ["rds:DeleteDBSnapshot", "snapshot:holdfast-books-20261121t020000z", "ImplicitlyDenied"],
    ["rds:DeleteDBSnapshot", "snapshot:holdfast-shop-before-the-upgrade", "ImplicitlyDenied"],
    ["rds:DeleteDBSnapshot", "snapshot:shop-final", "ImplicitlyDenied"],
    ["rds:DeleteDBClusterSnapshot", "cluster-snapshot:holdfast-shop-20261121t020000z", "ImplicitlyDenied"],
    ["rds:DeleteDBClusterSnapshot", "cluster-snapshot:holdfast-orders-20261121t020000z", "ImplicitlyDenied"],
    ["rds:DeleteDBInstance", "db:shop", "ImplicitlyDenied"],
    ["rds:DeleteDBInstanceAutomatedBackup", "auto-backup:ab-one", "ImplicitlyDenied"],
    ["rds:ModifyDBSnapshotAttribute", "snapshot:holdfast-shop-20261121t020000z", "ImplicitlyDenied"],
    ["rds:CreateDBSnapshot", "snapshot:holdfast-shop-20261121t020000z", "ImplicitlyDenied"],
    ["rds:CopyDBSnapshot", "snapshot:holdfast-shop-20261121t020000z", "ImplicitlyDenied"],
    ["rds:AddTagsToResource", "snapshot:holdfast-shop-20261121t020000z", "ImplicitlyDenied"],
  ])("asked for %s on %s hears %s", async (action, resource, answer) => {
    expect(await ask("prune-shop", action, rds(resource), tagged("shop"))).toBe(answer);
  });
  test.each([
    ["s3:PutObject", "evidence/pruned/shop/20261121T020000Z/ok.x.y.json", create, "Allowed"],
    ["s3:PutObject", "evidence/pruned/orders/20261121T020000Z/ok.x.y.json", create, "ImplicitlyDenied"],
    ["s3:PutObject", "evidence/present/shop/20261121T020000Z/ok.x.y.json", create, "ImplicitlyDenied"],
    ["s3:PutObject", "backups/shop/20261121T020000Z/manifest.json", create, "ImplicitlyDenied"],
    ["s3:GetObjectVersion", "backups/shop/20261121T020000Z/manifest.json", {}, "Allowed"],
    ["s3:GetObjectVersion", "backups/shop/20261121T020000Z/a/manifest.sig", {}, "Allowed"],
    ["s3:GetObjectVersion", "backups/shop/20261121T020000Z/a/shop.dump.zst.age", {}, "ImplicitlyDenied"],
    ["s3:GetObjectVersion", "backups/orders/20261121T020000Z/manifest.json", {}, "ImplicitlyDenied"],
    ["s3:DeleteObject", "backups/shop/20261121T020000Z/manifest.json", {}, "ExplicitlyDenied"],
    ["s3:PutObjectVersionTagging", "backups/shop/20261121T020000Z/manifest.json", {}, "ImplicitlyDenied"],
  ])("asked for %s on %s hears what it should", async (action, object, context, answer) => {
    expect(await ask("prune-shop", action, `${bucket}/${object}`, context)).toBe(answer);
  });
  test("uses no key but to sign what it records", async () => {
    const used = policies(graph)
      .get("test-local-prune-shop")
      ?.Statement.filter(({ Action }) => Action.some((one) => one.startsWith("kms:")));
    expect(used?.map(({ Action }) => Action)).toEqual([["kms:Sign"]]);
  });
});

test("the role that prunes a cluster deletes its own snapshots alone", async () => {
  const at = "20261121t020000z";
  const deleting = (name: string) =>
    ask("prune-orders", "rds:DeleteDBClusterSnapshot", rds(`cluster-snapshot:holdfast-${name}-${at}`), tagged("orders"));
  expect(await deleting("orders")).toBe("Allowed");
  expect(await deleting("orders-eu")).toBe("ImplicitlyDenied");
  expect(await ask("prune-orders", "rds:DeleteDBSnapshot", rds(`snapshot:holdfast-shop-${at}`))).toBe("ImplicitlyDenied");
});

test("nobody else deletes what a backup is made of", () => {
  for (const [role, { Statement }] of policies(graph))
    for (const { Action, Resource } of Statement)
      if (Action.some((action) => /^rds:Delete.*Snapshot$/.test(action)) && !role.includes("-prune-"))
        for (const resource of Resource) expect(resource, role).toContain(":holdfastraw-");
});
