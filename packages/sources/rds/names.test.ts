import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { like } from "../../localcloud/src/rds/rights/patterns.ts";
import { config as clusterConfig } from "../aurora/config.ts";
import { aurora } from "../aurora/kind.ts";
import { config } from "./config.ts";
import { rdsKind } from "./kind.ts";
import { isIdentifier, isRaw, proposed, shortened, snapshotName } from "./names.ts";

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html */
const follows = (name: string) => /^[a-z][a-z0-9-]*$/.test(name) && !name.endsWith("-") && !name.includes("--");
const identifier = fc.stringMatching(/^[a-z](-?[a-z0-9]){0,31}$/).filter((id) => id.length <= 63);
const long = fc.stringMatching(/^[a-z](-?[a-z0-9]){30,40}$/).filter((id) => id.length <= 63);
const anyIdentifier = fc.oneof(identifier, long);
const moment = fc.date({ min: new Date("2000-01-01"), max: new Date("2099-12-31"), noInvalidDate: true });
const options = fc.record({ raw: fc.boolean(), number: fc.integer({ min: 1, max: 4 }) });

const allows = (
  needs: { allow: readonly { actions: readonly string[]; resources: readonly string[] }[] },
  action: string,
  resource: string,
) => needs.allow.some(({ actions, resources }) => actions.includes(action) && resources.some((pattern) => like(pattern, resource)));
const at = "arn:aws:rds:{region}:{account}:";

describe("a snapshot's name", () => {
  test("keeps RDS's rules for every instance and slot, and the role of its source may make it", () => {
    fc.assert(
      fc.property(anyIdentifier, moment, options, (instance, slot, more) => {
        const name = snapshotName(instance, slot, more);
        expect(follows(name) && name.length <= 255).toBe(true);
        expect(isRaw(name)).toBe(more.raw);
        const needs = rdsKind.needs("capture", config.parse({ instance }));
        expect(allows(needs, "rds:CreateDBSnapshot", `${at}snapshot:${name}`)).toBe(true);
      }),
    );
  });

  test("is short enough for a cluster's, whatever the cluster is called", () => {
    fc.assert(
      fc.property(anyIdentifier, moment, options, (cluster, slot, more) => {
        const name = snapshotName(shortened(cluster), slot, more);
        expect(follows(name) && name.length <= 63).toBe(true);
        const needs = aurora.needs("capture", clusterConfig.parse({ cluster }));
        expect(allows(needs, "rds:CreateDBClusterSnapshot", `${at}cluster-snapshot:${name}`)).toBe(true);
      }),
    );
  });

  test("is another one for another slot, database, number or purpose", () => {
    const slot = new Date("2026-11-21T02:00:00Z");
    const names = [
      snapshotName("shop", slot),
      snapshotName("shop", new Date("2026-11-21T02:00:01Z")),
      snapshotName("shop-eu", slot),
      snapshotName("shop", slot, { number: 2 }),
      snapshotName("shop", slot, { raw: true }),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe("holdfast-shop-20261121t020000z");
    const common = "a".repeat(40);
    expect(shortened(`${common}-eu`)).not.toBe(shortened(`${common}-us`));
  });

  test("of one instance is not what the role of another one whose name it begins with may make", () => {
    const needs = rdsKind.needs("capture", config.parse({ instance: "shop" }));
    const other = snapshotName("shop-eu", new Date("2026-11-21T02:00:00Z"));
    expect(allows(needs, "rds:CreateDBSnapshot", `${at}snapshot:${other}`)).toBe(false);
  });
});

test("an identifier that is proposed can be had, is not taken, and begins as the target's names do", () => {
  fc.assert(
    fc.property(anyIdentifier, fc.integer({ min: 0, max: 3 }), (database, many) => {
      const taken: string[] = [];
      for (let number = 0; number <= many; number++) taken.push(proposed("restored-", database, "20261121T020000Z", taken));
      expect(new Set(taken).size).toBe(many + 1);
      for (const id of taken) expect(isIdentifier(id) && id.startsWith("restored-")).toBe(true);
    }),
  );
});
