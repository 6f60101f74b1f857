import { describe, expect, test } from "vitest";
import { config as clusterConfig, target as clusterTarget } from "../aurora/config.ts";
import { aurora } from "../aurora/kind.ts";
import { config, target } from "./config.ts";
import { rdsKind } from "./kind.ts";

const key = "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555";
const rds = (resource: string) => `arn:aws:rds:{region}:{account}:${resource}`;
type Allow = readonly { actions: readonly string[]; resources: readonly string[] }[];
/** Resources by action. */
function told(allow: Allow): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { actions, resources } of allow) for (const action of actions) found[action] = [...(found[action] ?? []), ...resources];
  return found;
}

describe("the role that backs up", () => {
  test("changes snapshots of its own instance alone", () => {
    const own = [rds("snapshot:holdfast-shop-????????t??????z*"), rds("snapshot:holdfastraw-shop-????????t??????z*")];
    expect(told(rdsKind.needs("capture", config.parse({ instance: "shop" })).allow)).toEqual({
      "rds:DescribeDBInstances": [rds("db:shop")],
      "rds:DescribeDBSnapshots": [rds("db:shop"), rds("snapshot:*")],
      "rds:CreateDBSnapshot": [rds("db:shop"), ...own],
      "rds:AddTagsToResource": own,
      "rds:CopyDBSnapshot": [rds("snapshot:rds:shop-*"), ...own],
      "rds:DeleteDBSnapshot": own.slice(1),
      "rds:DescribeAccountAttributes": ["*"],
      "kms:DescribeKey": ["arn:aws:kms:{region}:*:key/*"],
    });
  });

  test("may delete what a copy under the plan's key was made from, and nothing that is a backup", () => {
    const found = told(rdsKind.needs("capture", config.parse({ instance: "shop", key })).allow);
    expect(found["rds:DeleteDBSnapshot"]).toEqual([rds("snapshot:holdfastraw-shop-????????t??????z*")]);
    expect(found["kms:CreateGrant"]).toEqual([key]);
    const cluster = told(aurora.needs("capture", clusterConfig.parse({ cluster: "orders", key })).allow);
    expect(cluster["rds:DeleteDBClusterSnapshot"]).toEqual([rds("cluster-snapshot:holdfastraw-orders-????????t??????z*")]);
    expect(cluster["rds:CreateDBClusterSnapshot"]).toContain(rds("cluster:orders"));
  });
});

test("the role that looks can change nothing", () => {
  for (const kind of [rdsKind, aurora])
    for (const action of Object.keys(told(kind.needs("read").allow))) expect(action).toMatch(/^(rds|kms):Describe/);
});

test("the role that prunes deletes only what carries this deployment's tags for its source, wherever that stands", () => {
  const replicas = [{ region: "eu-west-1", key: key.replace("eu-central-1", "eu-west-1") }];
  for (const { allow } of [
    rdsKind.needs("prune", config.parse({ instance: "shop", replicas })),
    aurora.needs("prune", clusterConfig.parse({ cluster: "orders", replicas })),
  ]) {
    const deleting = allow.filter(({ actions }) => actions.some((action) => action.startsWith("rds:Delete")));
    expect(deleting).toHaveLength(2);
    for (const { conditions } of deleting)
      expect(conditions).toEqual({
        StringEquals: { "aws:ResourceTag/holdfast:project": "{project}", "aws:ResourceTag/holdfast:source": "{source}" },
      });
  }
});

describe("the role that restores", () => {
  test.each([
    ["rds", rdsKind.needs("restore", target.parse({ names: "drill-", key }))],
    ["aurora", aurora.needs("restore", clusterTarget.parse({ names: "drill-", key }))],
  ])("of %s changes and deletes only what begins with the target's names", (_kind, { allow }) => {
    const found = told(allow);
    const changing = Object.keys(found).filter((action) => /^rds:(Modify|Delete|AddTags|RemoveTags)/.test(action));
    expect(changing.length).toBeGreaterThan(3);
    for (const action of changing) for (const resource of found[action] ?? []) expect(resource).toMatch(/:(db|cluster):drill-\*$/);
    expect(found["kms:CreateGrant"]).toEqual([key]);
  });

  test.each([
    ["rds", rdsKind.needs("restore", target.parse({}))],
    ["aurora", aurora.needs("restore", clusterTarget.parse({}))],
  ])("of %s does so only while it carries an execution's tag, which it can put on nothing that was handed over", (_kind, { allow }) => {
    const changing = allow.filter(({ actions }) => actions.some((action) => /^rds:(Modify|Delete|AddTags|RemoveTags)/.test(action)));
    const made = changing.filter(({ conditions }) => "aws:ResourceTag/holdfast:execution" in (conditions?.Null ?? {}));
    for (const { conditions } of made) expect(conditions).toEqual({ Null: { "aws:ResourceTag/holdfast:execution": "false" } });
    expect(changing.filter((one) => !made.includes(one))).toEqual([
      expect.objectContaining({
        actions: ["rds:AddTagsToResource"],
        conditions: { Null: { "aws:RequestTag/holdfast:execution": "false", "aws:ResourceTag/holdfast:handed-over": "true" } },
      }),
    ]);
  });

  test("reads a secret, and needs Amazon's authorities, where it is to log in", () => {
    const plain = rdsKind.needs("restore", target.parse({}));
    expect([plain.secrets, plain.layers]).toEqual([[], []]);
    const asking = rdsKind.needs("restore", target.parse({ connection: "acme/shop" }));
    expect([asking.secrets, asking.layers]).toEqual([["acme/shop"], ["postgres"]]);
    for (const { secrets, layers, allow } of [
      rdsKind.needs("restore", target.parse({ iam: { user: "looker" } })),
      aurora.needs("restore", clusterTarget.parse({ iam: { user: "looker" } })),
    ]) {
      expect([secrets, layers]).toEqual([[], ["postgres"]]);
      expect(told(allow)["rds-db:connect"]).toEqual(["arn:aws:rds-db:{region}:{account}:dbuser:*/looker"]);
    }
    expect(told(plain.allow)).not.toHaveProperty("rds-db:connect");
  });
});

describe("a plan", () => {
  test.each([
    { instance: "Shop" },
    { instance: "shop--eu" },
    { instance: "shop-" },
    { instance: "shop", key: "alias/mine" },
    { cluster: "shop" },
  ])("with %j is wrong", (wrong) => {
    expect(config.safeParse(wrong).success).toBe(false);
  });
  test.each(["restored", "-", "a--", "Restored-"])("whose target's names begin with %j is wrong", (names) => {
    expect(target.safeParse({ names }).success).toBe(false);
  });
});

test("events of its own snapshots are hints, and others are none", () => {
  const [hint] = rdsKind.hints?.(config.parse({ instance: "shop" })) ?? [];
  expect(hint).toMatchObject({
    source: ["aws.rds"],
    "detail-type": ["RDS DB Snapshot Event"],
    detail: { SourceIdentifier: [{ prefix: "holdfast-shop-" }, { prefix: "holdfastraw-shop-" }] },
  });
});

test("the status says that snapshots have no lock and stay in AWS, and whether there is a dump", () => {
  for (const told of [
    (dump?: false) => rdsKind.cautions?.(config.parse({ instance: "shop", dump })),
    (dump?: false) => aurora.cautions?.(clusterConfig.parse({ cluster: "orders", dump })),
  ]) {
    expect(told()).toEqual([expect.stringMatching(/no lock and cannot leave AWS.*with -dump is locked/)]);
    expect(told(false)).toEqual([expect.stringMatching(/no lock and cannot leave AWS.*nothing of it is outside/)]);
  }
});
