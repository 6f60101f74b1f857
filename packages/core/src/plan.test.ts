import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { keyIdOf } from "./manifest.ts";
import { parsePlan, watchedSource } from "./parseplan.ts";
import { type Lists, type PlanInput, plan, secret } from "./plan.ts";
import type { PerUse } from "./peruse.ts";
import { PlanInvalid } from "./planerrors.ts";
import type { Kind } from "./ports/kind.ts";
import type { StoreKind } from "./ports/storekind.ts";

const needs = () => ({ secrets: [], layers: [], vpc: undefined, allow: [] });
const database: Kind = {
  name: "database",
  config: z.strictObject({
    connection: z.string(),
    tables: z.array(z.string()).default([]),
    mode: z.union([z.literal("all"), z.int()]).optional(),
  }),
  native: z.unknown(),
  target: z.strictObject({ connection: z.string() }),
  verified: ["readable"],
  portable: true,
  needs,
};
const cluster: Kind = {
  ...database,
  name: "cluster",
  config: z.strictObject({ cluster: z.string(), dump: z.record(z.string(), z.unknown()).optional(), as: z.string().optional() }),
  expand: (name, config) => {
    const { dump, as } = config as { dump?: object; as?: string };
    return dump ? { [as ?? `${name}-dump`]: { kind: "database", ...dump } } : {};
  },
};
const bucket: StoreKind = {
  name: "bucket",
  config: z.strictObject({ bucket: z.string() }),
  expires: () => true,
  place: () => ({ cloud: "local", region: undefined, field: "" }),
  needs: () => ({ secrets: [], allow: [] }),
};
const lists: Lists = {
  kinds: { database: { kind: database, folder: "x" }, cluster: { kind: cluster, folder: "x" } },
  stores: { bucket: { kind: bucket, folder: "x" } },
};
const age = `age1${"q".repeat(58)}`;
const shop = { kind: "database", connection: secret("acme/shop"), schedule: "cron(0 2 * * ? *)" };
const right = { project: "acme", region: "eu-central-1", offlineKeys: [age], sources: { shop } };

/** What is wrong with a plan whose source is copied there. */
function replicated(to: string[], more: object): readonly string[] {
  const kinds = { database: { kind: { ...database, replicatesTo: () => to }, folder: "x" } };
  return problemsOf({ ...right, ...more }, { ...lists, kinds });
}

function problemsOf(input: unknown, within = lists): readonly string[] {
  try {
    parsePlan(input, within);
  } catch (error) {
    expect(error).toBeInstanceOf(PlanInvalid);
    return (error as PlanInvalid).problems;
  }
  return [];
}

describe("a right plan", () => {
  test("gets the field's defaults: 30 daily, 12 monthly, 7 newest, alarm at the interval and half of it", () => {
    expect(parsePlan(plan(right), lists)).toEqual({
      project: "acme",
      region: "eu-central-1",
      offlineKeys: [age],
      alerts: [],
      trust: {},
      stores: {},
      targets: {},
      sources: {
        shop: {
          name: "shop",
          kind: "database",
          client: undefined,
          schedule: "cron(0 2 * * ? *)",
          keep: { daily: 30, weekly: 0, monthly: 12, yearly: 0, minimum: 7 },
          copies: [],
          alarmHours: 36,
          config: { connection: "acme/shop", tables: [] },
        },
      },
    });
  });
  test("keeps what it says itself", () => {
    const parsed = parsePlan(
      {
        ...right,
        residency: "eu",
        alerts: ["ops@acme.example"],
        stores: { second: { kind: "bucket", bucket: "b" } },
        targets: { staging: { kind: "database", connection: "s" }, production: { kind: "database", connection: "p", protected: true } },
        sources: { shop: { ...shop, client: "acme-shop", copies: ["second"], alarmHours: 50, keep: { daily: 10, minimum: 3 } } },
      },
      lists,
    );
    expect(parsed.stores).toMatchObject({ second: { name: "second", kind: "bucket", config: { bucket: "b" } } });
    expect(parsed.targets).toEqual({
      staging: { name: "staging", kind: "database", protected: false, config: { connection: "s" } },
      production: { name: "production", kind: "database", protected: true, config: { connection: "p" } },
    });
    expect(parsed.sources.shop).toMatchObject({
      client: "acme-shop",
      copies: ["second"],
      alarmHours: 50,
      keep: { daily: 10, weekly: 0, monthly: 12, yearly: 0, minimum: 3 },
    });
    expect(parsed).toMatchObject({ residency: "eu", alerts: ["ops@acme.example"] });
  });
  test.each([
    ["rate(6 hours)", 9],
    ["cron(0 8-17 ? * MON-FRI *)", 94.5],
    ["cron(0/5 8-17 ? * MON-FRI *)", 93.125],
    ["cron(0 3 1 * ? *)", 1116],
    ["cron(0 3 1 1 ? *)", 13_176],
  ])("that runs at %s alarms after %d hours, weekends and long months included", (schedule, hours) => {
    expect(parsePlan({ ...right, sources: { shop: { ...shop, schedule } } }, lists).sources.shop?.alarmHours).toBe(hours);
  });
  test("may name regions of the European Union when it must stay there", () => {
    for (const region of ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"])
      expect(problemsOf({ ...right, region, residency: "eu" })).toEqual([]);
  });
});

describe("a kind that brings sources", () => {
  const orders = {
    kind: "cluster",
    cluster: "orders-prod",
    schedule: "rate(6 hours)",
    client: "acme",
    keep: { daily: 5 },
    dump: { connection: "o" },
  };
  const of = (source: object, more: object = {}) => ({ ...right, sources: { orders: { ...orders, ...source }, ...more } });
  test("has them in the plan, with the schedule, keep and client of the one that brings them", () => {
    const { sources } = parsePlan(of({}), lists);
    expect(Object.keys(sources)).toEqual(["orders", "orders-dump"]);
    expect(sources["orders-dump"]).toEqual({
      name: "orders-dump",
      kind: "database",
      client: "acme",
      schedule: "rate(6 hours)",
      keep: { daily: 5, weekly: 0, monthly: 12, yearly: 0, minimum: 7 },
      copies: [],
      alarmHours: 9,
      config: { connection: "o", tables: [] },
    });
  });
  test("may give them a schedule and copies of their own", () => {
    const { sources } = parsePlan(
      {
        ...of({ dump: { connection: "o", schedule: "rate(1 day)", copies: ["second"] } }),
        stores: { second: { kind: "bucket", bucket: "b" } },
      },
      lists,
    );
    expect(sources["orders-dump"]).toMatchObject({ schedule: "rate(1 day)", alarmHours: 36, copies: ["second"] });
  });
  test.each([
    ["wrong in its own part", of({ dump: {} }), "sources.orders-dump.connection: Invalid input: expected string, received undefined"],
    ["of an unknown kind", of({ dump: { kind: "other" } }), 'sources.orders-dump.kind: "other" is none of cluster, database'],
    [
      "with a wrong schedule",
      of({ dump: { connection: "o", schedule: "daily" } }),
      'sources.orders-dump.schedule: "daily" is neither rate',
    ],
    [
      "with a copy to nowhere",
      of({ dump: { connection: "o", copies: ["x"] } }),
      'sources.orders-dump.copies.0: "x" is none of the plan\'s stores: it has none',
    ],
    [
      "that the plan names itself",
      of({}, { "orders-dump": shop }),
      'sources.orders: brings a source "orders-dump", and another is called so already',
    ],
    [
      "that another source brings too",
      of({ as: "same" }, { other: { ...orders, as: "same" } }),
      'sources.other: brings a source "same", and another',
    ],
    ["called like itself", of({ as: "orders" }), 'sources.orders: brings a source "orders", and another is called so already'],
    [
      "under a name that keys and roles cannot hold",
      of({ as: "a".repeat(25) }),
      `sources.orders.brings "${"a".repeat(25)}": use lower-case letters`,
    ],
  ])("is refused when it brings one %s", (_what, input, expected) => {
    expect(problemsOf(input)).toEqual([expect.stringContaining(expected)]);
  });
});

describe("a wrong field is named by its path", () => {
  const of = (source: object) => ({ ...right, sources: { shop: { ...shop, ...source } } });
  const expectOne = (input: unknown, expected: string) => expect(problemsOf(input)).toEqual([expect.stringContaining(expected)]);
  test.each([
    ["no object at all", undefined, "expected object"],
    ["a project that is no name", { ...right, project: "Acme" }, "project: use lower-case letters"],
    ["a project too long for AWS names", { ...right, project: "a".repeat(17) }, "project: at most 16 characters"],
    ["no region", { ...right, region: undefined }, "region: Invalid input: expected string"],
    ["a region that is none", { ...right, region: "europe" }, "region: an AWS region such as eu-central-1"],
    ["an unknown field", { ...right, sorces: {} }, "sorces: nothing is called so here"],
    ["an unknown residency", { ...right, residency: "mars" }, "residency: "],
    ["no offline key", { ...right, offlineKeys: [] }, "offlineKeys: at least one"],
    [
      "a private offline key",
      { ...right, offlineKeys: [`AGE-SECRET-KEY-1${"Q".repeat(58)}`] },
      "offlineKeys.0: an offline key is the public half",
    ],
    ["an offline key twice", { ...right, offlineKeys: [age, age] }, "offlineKeys.1: "],
    ["an alert that is no address", { ...right, alerts: ["ops"] }, "alerts.0: "],
    ["an alert twice", { ...right, alerts: ["a@b.example", "a@b.example"] }, "alerts.1: "],
    ["no sources", { ...right, sources: undefined }, "sources: "],
    ["a source that is no object", { ...right, sources: { shop: 3 } }, "sources.shop: "],
    ["a source's name", { ...right, sources: { Shop: shop } }, "sources.Shop: use lower-case letters"],
    ["a source's name too long", { ...right, sources: { ["a".repeat(25)]: shop } }, `sources.${"a".repeat(25)}: use lower-case letters`],
    ["a source's kind missing", of({ kind: undefined }), "sources.shop.kind: Invalid input: expected string"],
    ["an unknown kind", of({ kind: "mysql" }), 'sources.shop.kind: "mysql" is none of cluster, database'],
    ["no schedule", of({ schedule: undefined }), "sources.shop.schedule: "],
    ["a wrong schedule", of({ schedule: "cron(0 2 * * * *)" }), 'sources.shop.schedule: "cron(0 2 * * * *)": exactly one of'],
    ["a schedule that ends", of({ schedule: "cron(0 2 * * ? 2027)" }), 'sources.shop.schedule: "cron(0 2 * * ? 2027)" names years'],
    ["no daily backups at all", of({ keep: { daily: 0 } }), "sources.shop.keep.daily: "],
    ["a keep with fractions", of({ keep: { monthly: 1.5 } }), "sources.shop.keep.monthly: "],
    ["no minimum", of({ keep: { minimum: 0 } }), "sources.shop.keep.minimum: "],
    ["an unknown tier", of({ keep: { hourly: 3 } }), "sources.shop.keep.hourly: nothing is called so here"],
    ["an alarm after no time", of({ alarmHours: 0 }), "sources.shop.alarmHours: "],
    ["a copy to no store", of({ copies: ["gcs"] }), 'sources.shop.copies.0: "gcs" is none of the plan\'s stores: it has none'],
    ["a client that is no name", of({ client: "ACME" }), "sources.shop.client: use lower-case letters"],
    ["a field of the kind", of({ connection: 3 }), "sources.shop.connection: Invalid input: expected string, received number"],
    ["a field deep in the kind", of({ tables: ["a", 3] }), "sources.shop.tables.1: Invalid input: expected string, received number"],
    [
      "a choice of the kind",
      of({ mode: "some" }),
      'sources.shop.mode: Invalid input: expected "all"; or Invalid input: expected number, received string',
    ],
    ["a field that the kind does not have", of({ colour: "red" }), "sources.shop.colour: nothing is called so here"],
    ["a store of an unknown kind", { ...right, stores: { s: { kind: "ftp" } } }, 'stores.s.kind: "ftp" is none of bucket'],
    ["a store's own field", { ...right, stores: { s: { kind: "bucket" } } }, "stores.s.bucket: "],
    ["a store's name", { ...right, stores: { S: { kind: "bucket", bucket: "b" } } }, "stores.S: use lower-case letters"],
    [
      "a target of an unknown kind",
      { ...right, targets: { t: { kind: "mysql" } } },
      'targets.t.kind: "mysql" is none of cluster, database',
    ],
    ["a target's own field", { ...right, targets: { t: { kind: "database" } } }, "targets.t.connection: "],
    [
      "a target that is half protected",
      { ...right, targets: { t: { kind: "database", connection: "x", protected: "no" } } },
      "targets.t.protected: ",
    ],
  ])("%s", (_what, input, expected) => {
    expectOne(input, expected);
  });

  test.each([
    [
      "in a region outside of the European Union, where residency forbids it",
      "eu-west-2",
      { residency: "eu" },
      "eu-west-2 is outside of the",
    ],
    ["likewise of another account", "us-east-1-222222222222", { residency: "eu" }, "us-east-1 is outside of the European Union"],
    ["where the source itself is", "eu-central-1", {}, "eu-central-1 is where the source itself is; name another region"],
  ])("copies %s", (_what, to, more, told) => {
    expect(replicated([to], more)).toEqual([expect.stringContaining(`sources.shop.replicas: ${told}`)]);
  });
  test("copies in other regions, and in the same of another account, are none of its problems", () => {
    expect(replicated(["eu-west-1", "eu-central-1-222222222222"], { residency: "eu" })).toEqual([]);
    expect(replicated(["us-east-1"], {})).toEqual([]);
  });
  test.each(["us-east-1", "eu-west-2", "eu-central-2"])(
    "a region outside of the European Union, %s, where residency forbids it",
    (region) => {
      expectOne({ ...right, region, residency: "eu" }, `region: ${region} is outside of the European Union`);
      expect(problemsOf({ ...right, region })).toEqual([]);
    },
  );

  test("a copy to a store that is not there, among those that are", () => {
    const stores = { b: { kind: "bucket", bucket: "b" }, a: { kind: "bucket", bucket: "a" } };
    expectOne({ ...of({ copies: ["a", "c"] }), stores }, 'sources.shop.copies.1: "c" is none of the plan\'s stores: a, b');
    expectOne({ ...of({ copies: ["a", "b", "a"] }), stores }, 'sources.shop.copies.2: "a" is there twice');
  });
});

describe("where a plan's stores may be", () => {
  const somewhere = (region: string | undefined): Lists => ({
    ...lists,
    stores: {
      bucket: { kind: { ...bucket, place: () => ({ cloud: "azure", region, field: "region" }) }, folder: "x" },
    },
  });
  const stores = { far: { kind: "bucket", bucket: "b" } };
  const copied = { ...right, sources: { shop: { ...shop, copies: ["far"] } }, stores };

  test("is where its residency is, for those that nothing is copied to as well", () => {
    expect(problemsOf({ ...right, stores, residency: "eu" }, somewhere("westeurope"))).toEqual([]);
    expect(problemsOf({ ...right, stores, residency: "europe" }, somewhere("uksouth"))).toEqual([]);
    expect(problemsOf({ ...right, stores, residency: "eu" }, somewhere("uksouth"))).toEqual([
      expect.stringMatching(/^stores\.far\.region: uksouth is outside of the European Union.*westeurope/),
    ]);
    expect(problemsOf({ ...right, stores }, somewhere("eastus"))).toEqual([]);
  });
  test("must be said where there is a residency", () => {
    expect(problemsOf({ ...right, stores, residency: "eu" }, somewhere(undefined))).toEqual([
      expect.stringContaining("stores.far.region: the store does not say where it is"),
    ]);
    expect(problemsOf({ ...right, stores }, somewhere(undefined))).toEqual([]);
  });
  test("may be a list, which the plan's own region is held to likewise", () => {
    expect(problemsOf({ ...right, stores, residency: ["eu-central-1", "eastus"] }, somewhere("eastus"))).toEqual([]);
    expect(problemsOf({ ...right, stores, residency: ["eastus"] }, somewhere("eastus"))).toEqual([
      "region: eu-central-1 is none of the regions that residency allows: eastus",
    ]);
    expect(replicated(["us-east-1"], { residency: ["eu-central-1", "us-east-1"] })).toEqual([]);
    expect(problemsOf({ ...right, residency: [] })).toEqual([expect.stringMatching(/^residency/)]);
  });
  test("what cannot leave its own service has no copies", () => {
    const of = (kind: Kind) => problemsOf(copied, { ...lists, kinds: { database: { kind, folder: "x" } } });
    const told = "sources.shop.copies: backups of kind database cannot leave the service that they stand at";
    expect(of({ ...database, portable: false })).toEqual([told]);
    expect(of({ ...database, portable: false, expand: () => ({}) })).toEqual([
      `${told}; name the stores in its dump, as dump: { copies: ["…"] }`,
    ]);
    expect(of(database)).toEqual([]);
  });
  test("a store may say how quick it is, and the rest is its kind's", () => {
    const far = { kind: "bucket", bucket: "b", rate: 2.5 };
    expect(parsePlan({ ...right, stores: { far } }, lists).stores.far).toEqual({
      name: "far",
      kind: "bucket",
      rate: 2.5,
      prune: false,
      keyDays: 90,
      config: { bucket: "b" },
    });
    expect(problemsOf({ ...right, stores: { far: { ...far, rate: 0 } } })).toEqual([expect.stringContaining("stores.far.rate")]);
  });
});

describe("a store that cannot carry marks", () => {
  const held = { kind: "bucket", bucket: "b" };
  const marked = (of?: unknown): Lists => ({ ...lists, stores: { bucket: { kind: withKeys(true, of), folder: "x" } } });
  const bare = (of?: unknown): Lists => ({ ...lists, stores: { bucket: { kind: withKeys(false, of), folder: "x" } } });
  const withKeys = (expires: boolean, of: unknown): StoreKind => ({
    ...bucket,
    expires: () => expires,
    identities: () => (of === undefined ? undefined : { at: "keys", of: of as PerUse }),
  });
  const of = (far: object, more: object = {}) => ({
    ...right,
    stores: { far: { ...held, ...far } },
    sources: { shop: { ...shop, copies: ["far"] } },
    ...more,
  });

  test("gets no copies, and may be restored from", () => {
    expect(problemsOf({ ...of({}), sources: { shop } }, bare())).toEqual([]);
    expect(problemsOf(of({}), marked())).toEqual([]);
    expect(problemsOf(of({}), bare())).toEqual([
      expect.stringMatching(/^stores\.far: it carries no marks .* copies of shop would stay for ever; .* or write prune: true/),
    ]);
  });
  test("gets copies where the plan lets a function delete there", () => {
    expect(problemsOf(of({ prune: true }), bare())).toEqual([]);
    expect(parsePlan(of({ prune: true }), bare()).stores.far).toMatchObject({ prune: true, config: { bucket: "b" } });
    expect(problemsOf(of({ prune: "yes" }), bare())).toEqual([expect.stringContaining("stores.far.prune")]);
  });
  test("is the only one where a function may delete", () => {
    expect(problemsOf(of({ prune: true }), marked())).toEqual([expect.stringMatching(/^stores\.far\.prune: .* take prune out/)]);
  });
  test("has an identity for prune in the place of that for mark", () => {
    const pruned = { copy: "c", prune: "p", read: "r" };
    const marks = { copy: "c", mark: "m", read: "r" };
    for (const good of [undefined, "one", pruned]) expect(problemsOf(of({ prune: true }), bare(good))).toEqual([]);
    for (const good of [undefined, "one", marks]) expect(problemsOf(of({}), marked(good))).toEqual([]);
    expect(problemsOf(of({ prune: true }), bare(marks))).toEqual([
      "stores.far.keys: the store has prune: true, so that nothing is marked there; name one for each of copy, prune, read",
    ]);
    expect(problemsOf(of({}), marked(pruned))).toEqual([
      "stores.far.keys: the store has no prune: true, so that nothing is pruned there; name one for each of copy, mark, read",
    ]);
  });
  test("is not called like a source that is pruned at its own service, whose function has that name", () => {
    const kinds = { ...lists.kinds, cluster: { kind: { ...cluster, keeps: () => 7 }, folder: "x" } };
    const named = (source: object) => of({ prune: true }, { sources: { far: source, shop: { ...shop, copies: ["far"] } } });
    expect(problemsOf(named({ kind: "cluster", cluster: "c", schedule: shop.schedule }), { ...bare(), kinds })).toEqual([
      expect.stringMatching(/^stores\.far: the source far is pruned too, and both functions would be called prune-far; give one another/),
    ]);
    expect(problemsOf(named(shop), { ...bare(), kinds })).toEqual([]);
  });
});

describe("keys that readers trust", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  test("stand under their own id", () => {
    expect(problemsOf({ ...right, trust: { [keyIdOf(pem)]: pem } })).toEqual([]);
  });
  test("are refused under another id, which would let one key speak for another", () => {
    expect(problemsOf({ ...right, trust: { "0123456789abcdef": pem } })).toEqual([
      `trust.0123456789abcdef: is the id of another key; this one's is ${keyIdOf(pem)}`,
    ]);
  });
  test("are refused when they are no keys, or private ones, which are never quoted", () => {
    const secretPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const problems = problemsOf({ ...right, trust: { a: "nothing", [keyIdOf(pem)]: secretPem } });
    expect(new Set(problems)).toEqual(
      new Set([
        "trust.a: is not a public key in PEM",
        `trust.${keyIdOf(pem)}: holds a private key; only public ones belong in a plan, and this one must be replaced`,
      ]),
    );
    expect(problems.join()).not.toContain(secretPem.split("\n")[1]);
  });
});

test("one reading of the plan finds every problem, wherever it is", () => {
  const problems = problemsOf({
    project: "Acme",
    region: "us-east-1",
    residency: "eu",
    offlineKeys: [],
    typo: 1,
    stores: { s: { kind: "ftp" }, t: { kind: "bucket", bucket: 1 } },
    sources: {
      a: { kind: "mysql", schedule: "rate(1 day)" },
      b: { ...shop, schedule: "never" },
      c: { ...shop, connection: 1, copies: ["x"] },
    },
    targets: { t: { kind: "database" } },
  });
  const paths = problems.map((problem) => problem.split(": ")[0]).sort();
  expect(paths).toEqual([
    "offlineKeys",
    "project",
    "region",
    "sources.a.kind",
    "sources.b.schedule",
    "sources.c.connection",
    "sources.c.copies.0",
    "stores.s.kind",
    "stores.t.bucket",
    "targets.t.connection",
    "typo",
  ]);
});

describe("names that every object inherits", () => {
  const inherited = ["constructor", "toString", "valueOf", "hasOwnProperty"];
  test.each(inherited)("are no kinds and no stores: %s", (name) => {
    const problems = problemsOf({
      ...right,
      stores: { a: { kind: name } },
      targets: { b: { kind: name } },
      sources: { shop: { ...shop, copies: [name] }, c: { kind: name, schedule: "rate(1 day)" } },
    });
    expect(problems).toHaveLength(4);
    expect(problems.join()).toContain(`stores.a.kind: "${name}" is none of bucket`);
  });
  test("may name a source, a store and a target, where they are lower case", () => {
    const parsed = parsePlan(
      {
        ...right,
        stores: { constructor: { kind: "bucket", bucket: "b" } },
        targets: { constructor: { kind: "database", connection: "c" } },
        sources: { constructor: { ...shop, copies: ["constructor"] } },
      },
      lists,
    );
    expect(Object.hasOwn(parsed.sources, "constructor")).toBe(true);
    expect(Object.hasOwn(parsed.stores, "constructor")).toBe(true);
    expect(Object.hasOwn(parsed.targets, "constructor")).toBe(true);
    expect(Object.keys(parsePlan(right, lists).sources)).toEqual(["shop"]);
  });
  test("may be brought by a kind", () => {
    const orders = { kind: "cluster", cluster: "c", schedule: "rate(1 day)", dump: { connection: "o" }, as: "constructor" };
    expect(Object.keys(parsePlan({ ...right, sources: { orders } }, lists).sources)).toEqual(["orders", "constructor"]);
  });
  test("a source called __proto__ is refused and not forgotten", () => {
    expect(problemsOf({ ...right, sources: JSON.parse(`{"__proto__": ${JSON.stringify(shop)}}`) })).toEqual([
      "sources.__proto__: cannot be a name",
    ]);
    expect(problemsOf({ ...right, stores: JSON.parse('{"__proto__": {}}') })).toEqual(["stores.__proto__: cannot be a name"]);
  });
});

test("whatever the input is, the answer is a plan or a list of problems", () => {
  const broken = fc.record(
    {
      project: fc.anything(),
      region: fc.anything(),
      residency: fc.anything(),
      offlineKeys: fc.anything(),
      alerts: fc.anything(),
      trust: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const part = fc.dictionary(fc.string(), fc.oneof(fc.anything(), fc.record({ kind: fc.constantFrom("database", "cluster", "x") })));
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.tuple(broken, part, part, part)), (input) => {
      const [top, stores, sources, targets] = Array.isArray(input) ? input : [input];
      const of = Array.isArray(input) && typeof top === "object" ? { ...right, ...top, stores, sources, targets } : input;
      try {
        parsePlan(of, lists);
      } catch (error) {
        expect(error).toBeInstanceOf(PlanInvalid);
        expect((error as PlanInvalid).problems.length).toBeGreaterThan(0);
      }
    }),
  );
});

test("what a person writes is typed", () => {
  // @ts-expect-error a plan needs sources
  const wrong: PlanInput = { project: "acme", region: "eu-central-1", offlineKeys: [age] };
  expect(problemsOf(wrong)).toEqual([expect.stringContaining("sources: ")]);
});

describe("a source as it is watched", () => {
  const seen = (kind: Partial<Kind>, targets: Record<string, unknown> = {}, more: object = {}) => {
    const own = { ...lists, kinds: { ...lists.kinds, database: { kind: { ...database, ...kind }, folder: "x" } } };
    const parsed = parsePlan({ ...right, targets, sources: { shop: { ...shop, ...more } } }, own);
    return watchedSource(parsed, parsed.sources.shop as never, own);
  };
  test("is what its kind and the plan say", () => {
    expect(seen({})).toEqual({
      name: "shop",
      kind: "database",
      schedule: shop.schedule,
      alarmHours: 36,
      verified: ["readable"],
      undrilled: undefined,
      copies: [],
      copiedDays: 30,
      finishes: false,
    });
  });
  test("is looked at again daily where there is nothing to read, and asked for what finishes later", () => {
    expect(seen({ portable: false, hints: () => [] })).toMatchObject({ finishes: true, recheckHours: 24 });
  });
  test("is told where its copies are to stand", () => {
    expect(seen({ replicatesTo: () => ["eu-west-1"] }).replicas).toEqual(["eu-west-1"]);
  });
  test("says why nothing can be drilled, by the targets of its own kind alone", () => {
    const undrilled = (_config: unknown, targets: readonly unknown[]) => `${targets.length} targets`;
    const targets = { staging: { kind: "database", connection: "c" }, other: { kind: "cluster", connection: "c" } };
    expect(seen({ undrilled }, targets).undrilled).toBe("1 targets");
  });
  test("and by the one that its own drills go to", () => {
    const undrilled = (_config: unknown, _targets: unknown, drill: unknown) => `drilled to ${JSON.stringify(drill)}`;
    const targets = { staging: { kind: "database", connection: "c" }, desk: { kind: "database", connection: "d" } };
    expect(seen({ undrilled }, targets).undrilled).toBe("drilled to undefined");
    const drill = { target: "desk" };
    expect(seen({ undrilled }, targets, { drill }).undrilled).toBe(`drilled to ${JSON.stringify({ connection: "d" })}`);
  });
});

describe("a drill", () => {
  const desk = { kind: "database", connection: "x" };
  const drilled = (drill: object, target: object = desk) => ({
    ...right,
    targets: { desk: target },
    sources: { shop: { ...shop, drill } },
  });
  test("is made weekly unless the plan says otherwise, and is late half an interval after it was due", () => {
    const parsed = parsePlan(drilled({ target: "desk" }), lists);
    const source = parsed.sources.shop;
    expect(source?.drill).toEqual({ target: "desk", schedule: "rate(7 days)" });
    expect(source && watchedSource(parsed, source, lists).drillHours).toBe(252);
  });
  test.each([
    [{ target: "nowhere" }, desk, 'sources.shop.drill.target: "nowhere" is no target of kind database'],
    [{ target: "desk" }, { kind: "cluster", connection: "x" }, 'sources.shop.drill.target: "desk" is no target of kind database'],
    [{ target: "desk" }, { ...desk, protected: true }, "each drill would wait for somebody's approval"],
    [{ target: "desk", schedule: "weekly" }, desk, "sources.shop.drill.schedule"],
  ])("to %j, where the target is %j, is a problem", (drill, target, expected) => {
    expect(problemsOf(drilled(drill, target))).toContainEqual(expect.stringContaining(expected));
  });

  const within = (kind: Partial<Kind>) => ({
    ...lists,
    kinds: { ...lists.kinds, database: { kind: { ...database, ...kind }, folder: "x" } },
  });
  test("to a target that its kind lets nobody drill to is a problem, and another target of that kind none", () => {
    const undrillable = (target: unknown) => ((target as { connection: string }).connection === "x" ? "is in use" : undefined);
    const plan = drilled({ target: "desk" });
    expect(problemsOf(plan, within({ undrillable }))).toEqual(['sources.shop.drill.target: "desk" is in use']);
    const other = { ...plan, targets: { desk: { ...desk, connection: "y" }, other: desk } };
    expect(problemsOf(other, within({ undrillable }))).toEqual([]);
    expect(problemsOf({ ...plan, sources: { shop } }, within({ undrillable }))).toEqual([]);
  });
  test("or none, a target that must not stand beside a source of its kind is a problem", () => {
    const collides = (target: unknown, source: unknown) => {
      const { connection } = target as { connection: string };
      return connection === (source as { connection: string }).connection ? `has ${connection}` : undefined;
    };
    const targets = { desk, twin: { ...desk, connection: shop.connection }, other: { kind: "cluster", connection: shop.connection } };
    const found = problemsOf({ ...right, targets }, within({ collides }));
    expect(found).toEqual([`targets.twin: has ${shop.connection}, which the source "shop" has too`]);
  });
});
