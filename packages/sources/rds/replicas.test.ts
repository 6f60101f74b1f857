import { describe, expect, test } from "vitest";
import { config as clusterConfig } from "../aurora/config.ts";
import { aurora } from "../aurora/kind.ts";
import { config } from "./config.ts";
import { rdsKind } from "./kind.ts";

const stranger = "222222222222";
const key = (region: string, account = "111111111111") => `arn:aws:kms:${region}:${account}:key/one`;
const role = `arn:aws:iam::${stranger}:role/holdfast-copies`;
const near = { region: "eu-west-1", key: key("eu-west-1") };
const far = { region: "eu-central-1", key: key("eu-central-1", stranger), account: stranger, role };

describe("replicas in a plan", () => {
  test("are named by region, and by account where it is another one's", () => {
    expect(rdsKind.replicatesTo?.(config.parse({ instance: "shop", replicas: [near, far] }))).toEqual([
      "eu-west-1",
      `eu-central-1-${stranger}`,
    ]);
    expect(aurora.replicatesTo?.(clusterConfig.parse({ cluster: "orders" }))).toEqual([]);
  });

  test.each([
    ["whose key is of another region", { ...near, key: key("eu-central-1") }, "replicas.0.key is a key in eu-central-1"],
    ["whose key is of another account", { ...far, key: key("eu-central-1") }, "replicas.0.key is a key of 111111111111"],
    ["of an account without a role", { ...far, role: undefined }, "replicas.0.role is missing"],
    ["with a role and without its account", { ...near, role }, "replicas.0.account is missing"],
    [
      "whose role is of another account",
      { ...far, role: role.replace(stranger, "333333333333") },
      `replicas.0.role is not of the account ${stranger}`,
    ],
    ["under an alias", { ...near, key: "alias/copies" }, "replicas.0.key is not the ARN"],
    ["without a key", { region: "eu-west-1" }, "replicas.0.key Invalid"],
    ["in no region", { ...near, region: "Ireland" }, "replicas.0.region an AWS region"],
  ])("%s are wrong", (_what, replica, told) => {
    const found = config.safeParse({ instance: "shop", replicas: [replica] });
    expect(found.error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("\n")).toContain(told);
  });

  test("are wrong where two are the same, and right where only the account or the region is", () => {
    const problems = (...replicas: object[]) =>
      config.safeParse({ instance: "shop", replicas }).error?.issues.map(({ message }) => message);
    expect(problems(near, { ...near, key: key("eu-west-1").replace("one", "two") })).toEqual(["eu-west-1 is there twice"]);
    expect(problems(near, { ...far, region: "eu-west-1", key: key("eu-west-1", stranger) }, far)).toBeUndefined();
  });
});
