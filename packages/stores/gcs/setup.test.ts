import { keep } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { commands, fileOf, forWhom, told } from "../kit/setup.ts";
import { gcs } from "./kind.ts";
import type { GcsRule } from "./lifecycle.ts";

const audience = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/holdfast/providers/aws";
const bucket = { bucket: "acme-copies", location: "europe-west3" };
const oidc = { ...bucket, federation: { audience, provider: "oidc" } };
const setupOf = (config: object, more: object = {}) => {
  const setup = gcs.setup?.(gcs.config.parse(config), { ...forWhom, ...more });
  if (!setup) throw new Error("no setup");
  return setup;
};

/** https://docs.cloud.google.com/storage/docs/json_api/v1/buckets#lifecycle, as far as it is used; what is unknown is refused. */
const days = z.int().min(0);
const documented = z.strictObject({
  rule: z
    .array(
      z.strictObject({
        action: z.discriminatedUnion("type", [
          z.strictObject({ type: z.literal("Delete") }),
          z.strictObject({ type: z.literal("AbortIncompleteMultipartUpload") }),
          z.strictObject({ type: z.literal("SetStorageClass"), storageClass: z.enum(["NEARLINE", "COLDLINE", "ARCHIVE"]) }),
        ]),
        condition: z
          .strictObject({
            age: days,
            daysSinceCustomTime: days,
            matchesPrefix: z.array(z.string()).min(1),
            matchesSuffix: z.array(z.string()).min(1),
          })
          .partial()
          .refine((condition) => Object.keys(condition).length > 0),
      }),
    )
    .max(100),
});

describe("the other side of a bucket of Google", () => {
  test("with AWS's own tokens", async () => {
    await expect(told(setupOf(oidc))).toMatchFileSnapshot("golden/setup-oidc.txt");
  });
  test("with accounts to act as, and AWS asked who it is", async () => {
    const account = (use: string) => `far-${use}@acme.iam.gserviceaccount.com`;
    const serviceAccount = { copy: account("copy"), mark: account("mark"), read: account("read") };
    await expect(told(setupOf({ ...bucket, federation: { audience, serviceAccount } }))).toMatchFileSnapshot("golden/setup-accounts.txt");
  });
  test("with keys each use has an account of its own, and none has a pool", () => {
    const run = commands(setupOf({ ...bucket, credentials: { copy: "c", mark: "m", read: "r" } }));
    expect(run.filter((command) => command.includes("service-accounts create"))).toHaveLength(3);
    expect(run.filter((command) => command.includes("workload-identity"))).toEqual([]);
  });
  test("is not made up where the plan does not say the location: Google would take the United States", () => {
    expect(() => setupOf({ ...oidc, location: undefined })).toThrow(expect.objectContaining({ name: "InputInvalid" }));
  });
  test("gives nobody what deletes, and locks last of all", () => {
    const { steps } = setupOf(oidc);
    expect(
      steps.flatMap(({ command }) => command).filter((argument) => /objects\.delete|objectAdmin|storage\.admin/.test(argument)),
    ).toEqual([]);
    expect(steps.map(({ lasting }) => lasting ?? false)).toEqual([...steps.slice(1).map(() => false), true]);
  });
});

describe("its lifecycle rules", () => {
  const rulesOf = (...keeps: object[]) => {
    const rules = fileOf(setupOf(oidc, { keeps: keeps.map((each) => keep.parse(each)) }), "lifecycle.json");
    return documented.parse(rules).rule as GcsRule[];
  };
  const classes = (rules: GcsRule[]) => rules.flatMap(({ action }) => action.storageClass ?? []);
  test("delete by the object's own date and by nothing else", () => {
    for (const rules of [rulesOf(), rulesOf({}), rulesOf({ yearly: 10 })])
      expect(rules.filter(({ action }) => action.type === "Delete").map(({ condition }) => condition)).toEqual([
        { daysSinceCustomTime: 0 },
      ]);
  });
  test("make long tiers cheaper only where all that is that old stays long enough for it", () => {
    expect(classes(rulesOf({}))).toEqual(["COLDLINE"]);
    expect(classes(rulesOf({ monthly: 0, yearly: 3 }))).toEqual(["ARCHIVE"]);
    expect(classes(rulesOf({ daily: 60 }))).toEqual([]);
    expect(classes(rulesOf({ monthly: 0 }))).toEqual([]);
  });
});
