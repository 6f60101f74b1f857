import { type Lists, PlanInvalid, parsePlan } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { config as clusterConfig } from "../aurora/config.ts";
import { aurora } from "../aurora/kind.ts";
import { postgres } from "../postgres/kind.ts";
import { config } from "./config.ts";
import { rdsKind } from "./kind.ts";

const lists: Lists = {
  kinds: {
    rds: { kind: rdsKind, folder: "x" },
    aurora: { kind: aurora, folder: "x" },
    postgres: { kind: postgres, folder: "x" },
  },
  stores: {},
};
const network = { subnets: ["subnet-1"], securityGroups: ["sg-1"] };
const orders = { kind: "aurora", cluster: "orders-prod", client: "acme", schedule: "rate(6 hours)", keep: { daily: 5 }, network };
const planOf = (sources: Record<string, object>) =>
  parsePlan({ project: "acme", region: "eu-central-1", offlineKeys: [`age1${"q".repeat(58)}`], sources }, lists);
function problemsOf(sources: Record<string, object>): readonly string[] {
  try {
    planOf(sources);
  } catch (error) {
    if (error instanceof PlanInvalid) return error.problems;
    throw error;
  }
  return [];
}

describe("a database of RDS brings its dump along", () => {
  test("with its schedule, keep, client and network, and the login of the docs", () => {
    const { sources } = planOf({ orders });
    expect(Object.keys(sources)).toEqual(["orders", "orders-dump"]);
    expect(sources["orders-dump"]).toMatchObject({
      kind: "postgres",
      client: "acme",
      schedule: "rate(6 hours)",
      keep: sources.orders?.keep,
      copies: [],
      config: { iam: { user: "holdfast_backup" }, rds: { cluster: "orders-prod" }, network, databases: "all" },
    });
  });

  test("or with what it says itself", () => {
    const own = { subnets: ["subnet-2"], securityGroups: ["sg-2"] };
    const dump = { user: "dumper", databases: ["shop"], lockTimeout: 5, schedule: "rate(1 day)", keep: { daily: 9 }, network: own };
    const { sources } = planOf({ shop: { kind: "rds", instance: "shop", schedule: "rate(6 hours)", network, dump } });
    expect(sources["shop-dump"]).toMatchObject({
      schedule: "rate(1 day)",
      keep: { daily: 9 },
      config: { iam: { user: "dumper" }, rds: { instance: "shop" }, databases: ["shop"], lockTimeout: 5, network: own },
    });
  });

  test("unless the plan says that there is none to make", () => {
    expect(Object.keys(planOf({ orders: { ...orders, dump: false } }).sources)).toEqual(["orders"]);
  });

  test("both are looked up by the deployment", () => {
    expect(aurora.looksUp?.(clusterConfig.parse({ cluster: "orders" }))).toEqual({ cluster: "orders" });
    expect(rdsKind.looksUp?.(config.parse({ instance: "shop" }))).toEqual({ instance: "shop" });
  });
});

describe("a plan is refused, by path, for", () => {
  test.each<[string, Record<string, object>, string]>([
    ["a field that no dump has", { orders: { ...orders, dump: { kind: "vault" } } }, "sources.orders.dump.kind: nothing is called so here"],
    ["a dump that is a word", { orders: { ...orders, dump: "yes" } }, "sources.orders.dump: Invalid input: expected false; or"],
    ["a role that cannot stand in an ARN", { orders: { ...orders, dump: { user: "a*" } } }, "sources.orders-dump.iam.user: use letters"],
    ["a database named twice", { orders: { ...orders, dump: { databases: ["a", "a"] } } }, "sources.orders-dump.databases: "],
    [
      "a token in clear",
      { orders: { ...orders, dump: { tls: { mode: "disable" } } } },
      "sources.orders-dump.tls.mode: a token is a password",
    ],
    ["a schedule that is none", { orders: { ...orders, dump: { schedule: "daily" } } }, "sources.orders-dump.schedule: "],
    [
      "a source that is called as the dump would be",
      { orders, "orders-dump": orders },
      'sources.orders: brings a source "orders-dump", and another',
    ],
    [
      "a name that leaves no room for the dump's",
      { "orders-of-the-shop-eu": orders },
      'sources.orders-of-the-shop-eu.brings "orders-of-the-shop-eu-dump": use lower-case letters, digits and hyphens, at most 24',
    ],
  ])("%s", (_, sources, problem) => {
    expect(problemsOf(sources)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });

  test("nothing else comes with it", () => {
    expect(problemsOf({ "orders-of-the-shop-eu": orders })).toHaveLength(1);
    expect(problemsOf({ "orders-of-the-shop": orders })).toEqual([]);
  });
});
