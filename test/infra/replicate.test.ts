import { type Graph, synth } from "@holdfast/localcloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describe as described } from "../../packages/localcloud/src/deploy/describe.ts";
import { one, planOf, policies } from "../kit/graph.ts";
import { simulate } from "../kit/simulate.ts";

const account = "111122223333";
const stranger = "444455556666";
const key = (region: string, of = account) => `arn:aws:kms:${region}:${of}:key/11111111-2222-4333-8444-555555555555`;
const role = `arn:aws:iam::${stranger}:role/holdfast-copies`;
const copied = planOf(
  {
    project: "test",
    region: "eu-central-1",
    offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
    sources: {
      shop: {
        kind: "rds",
        instance: "shop",
        key: key("eu-central-1"),
        dump: false,
        schedule: "cron(0 2 * * ? *)",
        replicas: [
          { region: "eu-west-1", key: key("eu-west-1") },
          { region: "eu-north-1", key: key("eu-north-1", stranger), account: stranger, role },
        ],
      },
      alone: { kind: "rds", instance: "alone", dump: false, schedule: "cron(0 2 * * ? *)" },
    },
  },
  "",
);
let graph: Graph;
beforeAll(async () => {
  graph = await synth({
    stage: "local",
    plan: copied.file,
    bundles: ["ReplicateShop"],
    apply: ({ region }) => {
      const { resource, call } = described({ account, region, partition: "aws" });
      return {
        resource,
        call: async (token, inputs) =>
          token.startsWith("aws:rds/")
            ? { resourceId: "db-XYZ", preferredMaintenanceWindow: "sun:22:45-sun:23:15" }
            : await call(token, inputs),
      };
    },
  });
});
afterAll(copied.remove);

const bucket = `arn:aws:s3:::test-local-backups-${account}`;
const at = (region: string, name: string, of = account) => `arn:aws:rds:${region}:${of}:snapshot:${name}`;
const own = "holdfast-shop-20261121t020000z";
const policy = () => {
  const found = policies(graph).get("test-local-replicate-shop");
  if (!found) throw new Error("no role replicate-shop");
  return found;
};
/** Keys leave it to their account's policies, as they are made. */
const keyPolicy = {
  Version: "2012-10-17",
  Statement: [{ Sid: "Account", Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: ["kms:*"], Resource: ["*"] }],
};
const ask = (action: string, resource: string) =>
  simulate({
    principal: `arn:aws:iam::${account}:role/test-local-replicate-shop`,
    action,
    resource,
    account,
    context: {},
    policy: policy(),
    ...(action.startsWith("kms:") ? { resourcePolicy: keyPolicy } : {}),
  });

describe("the role that copies a source's snapshots elsewhere", () => {
  test.each([
    ["rds:CopyDBSnapshot", at("eu-central-1", own), "Allowed"],
    ["rds:CopyDBSnapshot", at("eu-west-1", own), "Allowed"],
    ["rds:CopyDBSnapshot", at("eu-central-1", "holdfast-other-20261121t020000z"), "ImplicitlyDenied"],
    ["rds:CopyDBSnapshot", at("eu-north-1", own), "ImplicitlyDenied"],
    ["rds:AddTagsToResource", at("eu-west-1", own), "Allowed"],
    ["rds:AddTagsToResource", at("eu-central-1", own), "ImplicitlyDenied"],
    ["rds:ModifyDBSnapshotAttribute", at("eu-central-1", own), "Allowed"],
    ["rds:ModifyDBSnapshotAttribute", at("eu-west-1", own), "ImplicitlyDenied"],
    ["rds:DeleteDBSnapshot", at("eu-west-1", own), "ImplicitlyDenied"],
    ["rds:DeleteDBSnapshot", at("eu-central-1", own), "ImplicitlyDenied"],
    ["rds:CreateDBSnapshot", at("eu-central-1", own), "ImplicitlyDenied"],
    ["kms:CreateGrant", key("eu-west-1"), "Allowed"],
    ["kms:CreateGrant", key("eu-north-1", stranger), "ImplicitlyDenied"],
    ["sts:AssumeRole", role, "Allowed"],
    ["sts:AssumeRole", `arn:aws:iam::${stranger}:role/another`, "ImplicitlyDenied"],
    ["s3:PutObject", `${bucket}/evidence/replicated/shop/20261121T020000Z/ok.00000000.eu-west-1.json`, "Allowed"],
    ["s3:PutObject", `${bucket}/evidence/copied/shop/20261121T020000Z/ok.00000000.eu-west-1.json`, "ImplicitlyDenied"],
    ["s3:PutObject", `${bucket}/evidence/present/shop/20261121T020000Z/ok.00000000.r.json`, "ImplicitlyDenied"],
    ["s3:GetObjectVersion", `${bucket}/backups/shop/20261121T020000Z/manifest.json`, "Allowed"],
    ["s3:GetObjectVersion", `${bucket}/backups/alone/20261121T020000Z/manifest.json`, "ImplicitlyDenied"],
    ["s3:DeleteObject", `${bucket}/backups/shop/20261121T020000Z/manifest.json`, "ImplicitlyDenied"],
  ])("asked for %s on %s hears what it should", async (action, resource, answer) => {
    expect(await ask(action, resource)).toBe(answer);
  });

  test("is only there where the plan has replicas", () => {
    expect([...policies(graph).keys()].filter((name) => name.includes("replicate-alone"))).toEqual([]);
  });

  test("belongs to a function that runs on schedule, and once a backup is verified", () => {
    const schedule = one(graph, "aws:scheduler/schedule:Schedule", ({ name }) => name === "test-local-replicate-shop");
    expect(schedule.inputs.scheduleExpression).toBe("rate(15 minutes)");
    const rule = one(graph, "aws:cloudwatch/eventRule:EventRule", ({ name }) => name === "test-local-replicate-shop");
    expect(JSON.parse(String(rule.inputs.eventPattern)).detail.object.key).toEqual([{ wildcard: "evidence/present/shop/*/ok.*" }]);
    expect(graph.bundles.ReplicateShop?.bytes).toBeLessThan(2_500_000);
  });
});

test("whoever prunes may delete copies where they stand, and assume the role there", () => {
  const pruning = policies(graph).get("test-local-prune-shop")?.Statement ?? [];
  const allowed = (action: string) => pruning.flatMap(({ Action, Resource }) => (Action.includes(action) ? Resource : []));
  expect(allowed("rds:DeleteDBSnapshot")).toContain(at("eu-west-1", "holdfast-shop-????????t??????z*"));
  expect(allowed("sts:AssumeRole")).toEqual([role]);
});
