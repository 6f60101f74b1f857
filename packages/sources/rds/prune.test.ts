import type { Needs } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { like } from "../../localcloud/src/rds/rights/patterns.ts";
import { config as clusterConfig } from "../aurora/config.ts";
import { aurora } from "../aurora/kind.ts";
import { config } from "./config.ts";
import { rdsKind } from "./kind.ts";
import { SimulatedRds } from "./kit/simulated.ts";
import { shortened, snapshotName } from "./names.ts";
import { pruning } from "./pruning.ts";

const identifier = fc.stringMatching(/^[a-z](-?[a-z0-9]){0,40}$/).filter((id) => id.length <= 63);
const moment = fc.date({ min: new Date("2000-01-01"), max: new Date("2099-12-31"), noInvalidDate: true });
const options = fc.record({ raw: fc.boolean(), number: fc.integer({ min: 1, max: 4 }) });
const at = "arn:aws:rds:{region}:{account}:";
const allows = ({ allow }: Needs, action: string, resource: string) =>
  allow.some(({ actions, resources }) => actions.includes(action) && resources.some((pattern) => like(pattern, resource)));
const key = "arn:aws:kms:eu-central-1:111122223333:key/one";

describe("the role that deletes", () => {
  test("may do so to every snapshot that the source can have made", () => {
    fc.assert(
      fc.property(identifier, moment, options, (id, slot, more) => {
        const instance = rdsKind.needs("prune", config.parse({ instance: id }));
        expect(allows(instance, "rds:DeleteDBSnapshot", `${at}snapshot:${snapshotName(id, slot, more)}`)).toBe(true);
        const cluster = aurora.needs("prune", clusterConfig.parse({ cluster: id }));
        const name = snapshotName(shortened(id), slot, more);
        expect(allows(cluster, "rds:DeleteDBClusterSnapshot", `${at}cluster-snapshot:${name}`)).toBe(true);
      }),
    );
  });
  test("can delete nothing of a database whose name goes on, nor anything but snapshots, and makes nothing", () => {
    const needs = rdsKind.needs("prune", config.parse({ instance: "shop", key }));
    const other = snapshotName("shop-eu", new Date("2026-11-21T02:00:00Z"));
    expect(allows(needs, "rds:DeleteDBSnapshot", `${at}snapshot:${other}`)).toBe(false);
    expect(needs.allow.flatMap(({ actions }) => actions)).toEqual(["rds:DescribeDBSnapshots", "rds:DeleteDBSnapshot"]);
  });
});

test("what RDS tells no time of, or that of other data, is as old as its slot at most", async () => {
  const rds = new SimulatedRds(() => 0.5);
  rds.crashes = false;
  const slots = ["20261121T000000Z", "20261121T020000Z"];
  for (const slot of slots)
    rds.add(slot, { "holdfast:project": "acme", "holdfast:source": "shop", "holdfast:slot": slot }, undefined, "failed");
  const own = pruning([{ name: "", snapshots: rds, of: "shop", open: () => rds.api }], "acme");
  const found = await own.held("shop", { now: () => new Date(0), signal: new AbortController().signal, progress: () => {} });
  expect(found.map(({ at }) => at.toISOString())).toEqual(["2026-11-21T01:00:00.000Z", "2026-11-21T02:00:00.000Z"]);
});

describe("a source", () => {
  test("keeps seven, or what the plan says", () => {
    expect(rdsKind.keeps?.(config.parse({ instance: "shop" }))).toBe(7);
    expect(aurora.keeps?.(clusterConfig.parse({ cluster: "orders", snapshots: 30 }))).toBe(30);
    expect(config.safeParse({ instance: "shop", snapshots: 0 }).success).toBe(false);
  });
  test("takes as many places of its quota, one for the restored, one for the next, and one where each is encrypted anew", () => {
    expect(rdsKind.occupies?.(config.parse({ instance: "shop" }))).toEqual({ ManualSnapshots: 9 });
    expect(rdsKind.occupies?.(config.parse({ instance: "shop", key }))).toEqual({ ManualSnapshots: 10 });
    expect(aurora.occupies?.(clusterConfig.parse({ cluster: "orders", key }))).toEqual({ ManualClusterSnapshots: 10 });
    expect([rdsKind.quotas, aurora.quotas]).toMatchObject([
      { ManualSnapshots: { usual: 100 } },
      { ManualClusterSnapshots: { usual: 100 } },
    ]);
  });
});
