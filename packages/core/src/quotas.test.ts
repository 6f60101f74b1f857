import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parsePlan } from "./parseplan.ts";
import type { Lists } from "./plan.ts";
import { PlanInvalid } from "./planerrors.ts";
import type { Kind } from "./ports/kind.ts";

const kindOf = (name: string, quota?: string): Kind => ({
  name,
  config: z.strictObject({ most: z.int().optional() }),
  native: z.unknown(),
  target: z.unknown(),
  verified: ["present"],
  portable: false,
  needs: () => ({ secrets: [], layers: [], allow: [] }),
  ...(quota
    ? { quotas: { [quota]: { usual: 100, code: `L-${quota}` } }, occupies: (config) => ({ [quota]: (config as { most: number }).most }) }
    : {}),
});
const lists: Lists = {
  kinds: {
    rds: { kind: kindOf("rds", "ManualSnapshots"), folder: "" },
    aurora: { kind: kindOf("aurora", "ManualClusterSnapshots"), folder: "" },
    files: { kind: kindOf("files"), folder: "" },
  },
  stores: {},
};
const problems = (sources: Record<string, object>, quotas?: object): readonly string[] => {
  const planned = Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, { schedule: "rate(1 day)", ...source }]));
  const plan = {
    project: "acme",
    region: "eu-central-1",
    offlineKeys: ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"],
    sources: planned,
    ...(quotas ? { quotas } : {}),
  };
  try {
    parsePlan(plan, lists);
    return [];
  } catch (error) {
    if (error instanceof PlanInvalid) return error.problems;
    throw error;
  }
};
const rds = (most: number) => ({ kind: "rds", most });

describe("what a plan's sources take of a quota", () => {
  test("may be 80 % of it, all sources together, and each quota by itself", () => {
    expect(problems({ shop: rds(40), books: rds(40), orders: { kind: "aurora", most: 80 }, notes: { kind: "files" } })).toEqual([]);
  });
  test("and is more is refused with who takes how much, and what to do", () => {
    expect(problems({ shop: rds(10), books: rds(71), orders: { kind: "aurora", most: 5 } })).toEqual([
      "quotas.ManualSnapshots: the plan takes up to 81 of 100 places (books 71, shop 10), over 80 %: " +
        "keep fewer, or have AWS raise the quota L-ManualSnapshots and say so as quotas: { ManualSnapshots: 102 }",
    ]);
  });
  test("is counted against what AWS raised it to", () => {
    expect(problems({ shop: rds(160) }, { ManualSnapshots: 200 })).toEqual([]);
    expect(problems({ shop: rds(161) }, { ManualSnapshots: 200 })).toMatchObject([expect.stringContaining("161 of 200")]);
    expect(problems({ shop: rds(160) }, { ManualClusterSnapshots: 200 })).toMatchObject([expect.stringContaining("160 of 100")]);
  });
  test("is not guessed from a source that is wrong", () => {
    expect(problems({ shop: { kind: "rds", most: "many" } })).toMatchObject([expect.stringContaining("sources.shop.most")]);
    expect(problems({ shop: { kind: "constructor" } })).toMatchObject([expect.stringContaining("sources.shop.kind")]);
  });
});

describe("a quota in the plan", () => {
  test("that no kind knows is refused with those that there are", () => {
    expect(problems({ shop: rds(1) }, { Snapshots: 200 })).toEqual([
      "quotas.Snapshots: is none of ManualClusterSnapshots, ManualSnapshots",
    ]);
  });
  test("that is no number of places is refused", () => {
    expect(problems({ shop: rds(1) }, { ManualSnapshots: 0 })).toMatchObject([expect.stringContaining("quotas.ManualSnapshots")]);
  });
});
