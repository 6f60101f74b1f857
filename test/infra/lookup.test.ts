import { type Graph, synth } from "@holdfast/localcloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describe as described } from "../../packages/localcloud/src/deploy/describe.ts";
import { planOf, policies } from "../kit/graph.ts";

const account = "111122223333";
const offlineKeys = ["age1tmuzfpyxsaw96hz39tgzwd0fmcxsd6gfjl8wpxcl6a7n4u7x3crqfsyzfp"];

/** Kind `reader` reads a database of RDS, and logs in by its role. */
const kinds = `import { z } from "zod";
import { kind } from "../../../test/kinds/memo/kind.ts";
const allow = [{ actions: ["rds-db:connect"], resources: ["arn:aws:rds-db:{region}:{account}:dbuser:{resource}/holdfast"] }];
const reader = {
  ...kind,
  config: z.looseObject({}),
  looksUp: ({ cluster, instance }) => (cluster ? { cluster } : instance ? { instance } : undefined),
  needs: (verb) => ({ secrets: [], layers: [], allow: verb === "capture" ? allow : [] }),
};
export const kinds = { reader: { kind: reader, folder: "test/kinds/memo" } };`;
const planWith = (sources: object) => planOf({ project: "test", region: "eu-central-1", offlineKeys, sources }, kinds);

const night = "cron(0 2 * * ? *)";
const plans = {
  good: planWith({
    orders: { kind: "reader", cluster: "orders-prod", schedule: night },
    again: { kind: "reader", cluster: "orders-prod", schedule: "rate(1 hour)" },
    shop: { kind: "reader", instance: "orders-prod", schedule: "cron(0 3 * * ? *)" },
  }),
  clashing: planWith({
    orders: { kind: "reader", cluster: "orders-prod", schedule: "cron(30 4 ? * TUE *)" },
    shop: { kind: "reader", instance: "orders-prod", schedule: "cron(0 23 ? * SUN *)" },
  }),
  nameless: planWith({ shop: { kind: "reader", schedule: night } }),
};
/** What was looked up, and how many resources were asked for after it. */
const seen = { calls: [] as string[], made: 0 };

function deployed(plan: string): Promise<Graph> {
  return synth({
    stage: "local",
    plan,
    bundles: [],
    apply: ({ region }) => {
      const { resource, call } = described({ account, region, partition: "aws" });
      return {
        resource: (request) => {
          if (request.custom) seen.made += 1;
          return resource(request);
        },
        async call(token, inputs) {
          if (!token.startsWith("aws:rds/")) return await call(token, inputs);
          seen.calls.push(`${token.split(":").at(-1)} ${inputs.clusterIdentifier ?? inputs.dbInstanceIdentifier}`);
          if (inputs.clusterIdentifier) return { clusterResourceId: "cluster-ABC", preferredMaintenanceWindow: "tue:04:15-tue:04:45" };
          return { resourceId: "db-XYZ", preferredMaintenanceWindow: "sun:22:45-mon:00:15" };
        },
      };
    },
  });
}

let graph: Graph;
beforeAll(async () => {
  graph = await deployed(plans.good.file);
});
afterAll(() => {
  for (const { remove } of Object.values(plans)) remove();
});

test("each database is looked up once, clusters and instances apart", () => {
  expect(seen.calls).toEqual(["getCluster orders-prod", "getInstance orders-prod"]);
});

test("a source's role may connect to its own database, by the id that was looked up", () => {
  const mayConnect = (source: string) =>
    policies(graph)
      .get(`test-local-backup-${source}`)
      ?.Statement.find(({ Action }) => JSON.stringify(Action).includes("rds-db:connect"))?.Resource;
  expect(mayConnect("orders")).toEqual(["arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/holdfast"]);
  expect(mayConnect("again")).toEqual(mayConnect("orders"));
  expect(mayConnect("shop")).toEqual(["arn:aws:rds-db:eu-central-1:111122223333:dbuser:db-XYZ/holdfast"]);
});

test("a schedule in its database's maintenance window is refused with what to change, before anything is made", async () => {
  const made = seen.made;
  const message = await deployed(plans.clashing.file).then(String, (error: Error) => error.message);
  expect(message).toContain("sources.orders.schedule: cron(30 4 ? * TUE *) fires at");
  expect(message).toContain(" 04:30 UTC, in the maintenance window tue:04:15-tue:04:45 of the cluster orders-prod: choose another time");
  expect(message).toContain("aws rds modify-db-cluster --db-cluster-identifier orders-prod --preferred-maintenance-window");
  expect(message).toContain(" 23:00 UTC, in the maintenance window sun:22:45-mon:00:15 of the instance orders-prod");
  expect(seen.made - made).toBe(0);
});

test("rights on a database that nobody names are refused, and not left with braces in them", async () => {
  await expect(deployed(plans.nameless.file)).rejects.toThrow("backup-shop needs rights on arn:aws:rds-db:");
});
