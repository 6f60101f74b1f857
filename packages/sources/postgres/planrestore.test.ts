import type { Backup } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { target } from "./config.ts";
import { aBackup } from "./kit/weighed.ts";
import type { Native } from "./native.ts";
import { planRestore, proposeName } from "./planrestore.ts";
import type { Facts } from "./survey.ts";

const backup: Backup<Native> = {
  ...aBackup({ bytes: 5000, tables: { a: 10 } }).backup,
  source: "shop",
  slot: "20261121T020000Z",
  manifestSha256: "0",
};
const facts: Facts = {
  version: 170011,
  login: { name: "keeper", superuser: false, createDatabases: true, createRoles: true, inherits: true },
  owner: { name: "keeper", exists: true, usable: true },
  databases: ["postgres", "shop"],
  extensions: [
    { name: "hstore", trusted: true },
    { name: "postgis", trusted: false },
  ],
};
const plan = (change: { backup?: Partial<Backup<Native>>; facts?: Partial<Facts>; want?: object; extensions?: string[] } = {}) => {
  const made = planRestore({
    backup: { ...backup, ...change.backup },
    want: change.want ?? {},
    facts: { ...facts, ...change.facts },
    target: target.parse({ connection: "t", extensions: change.extensions ?? [] }),
    execution: { id: "abc123" },
  });
  return "refused" in made ? { refused: `${made.refused.name}: ${made.refused.message}`, hint: made.refused.hint } : made;
};
const native = (change: Partial<Native>): { backup: Partial<Backup<Native>> } => ({ backup: { native: { ...backup.native, ...change } } });
const [shop = undefined] = backup.native.databases;
const withExtensions = (...extensions: string[]) => native({ databases: shop ? [{ ...shop, extensions }] : [] });

test("says everything that it will make and do, and nothing else", () => {
  expect(plan()).toEqual({
    creates: [
      { what: "role", id: "holdfast_abc123" },
      { what: "database", id: "shop_restored_202611210200" },
    ],
    steps: [
      "make the role holdfast_abc123, without superuser's or any other right, and the database shop_restored_202611210200 owned by it",
      "load shop.dump (5000 bytes, 1 tables, 10 rows) as that role",
      "compare every table's rows, the sequences and the large objects with the backup's contents",
      "give all of it to keeper and drop the role",
    ],
    needsDisk: 5000,
  });
});

describe("refuses", () => {
  const several = shop ? { databases: [shop, { ...shop, name: "blog", dump: "blog.dump" }] } : {};
  test.each([
    [
      "a target that is older than the source",
      { facts: { version: 160015 } },
      "target-older: the backup is of PostgreSQL 17.11 and the target is 16.15",
    ],
    [
      "a target of a version without a client",
      { facts: { version: 190000 } },
      "server-version-unsupported: the target is PostgreSQL 19, and there is no client for it",
    ],
    [
      "a login that may not make databases",
      { facts: { login: { ...facts.login, createDatabases: false } } },
      "missing-rights: the target's login keeper lacks CREATEDB",
    ],
    [
      "a login that may not make roles",
      { facts: { login: { ...facts.login, createRoles: false } } },
      "missing-rights: the target's login keeper lacks CREATEROLE",
    ],
    [
      "a login that cannot use what its memberships give",
      { backup: { native: { ...backup.native, server: 150019 } }, facts: { version: 150019, login: { ...facts.login, inherits: false } } },
      "missing-rights: the target's login keeper lacks INHERIT",
    ],
    [
      "an owner that is not there",
      { facts: { owner: { name: "app", exists: false, usable: false } } },
      "owner-missing: the target has no role app",
    ],
    [
      "an owner that the login may not act for",
      { facts: { owner: { name: "app", exists: true, usable: false } } },
      "owner-out-of-reach: the target's login keeper may not give anything to app",
    ],
    ["a name that is taken", { want: { as: "shop" } }, 'database-exists: the target has a database "shop" already'],
    [
      "a name that PostgreSQL would cut",
      { want: { as: "x".repeat(64) } },
      "name-unusable: the name for the new database is longer than PostgreSQL's 63 bytes",
    ],
    ["to guess which database is meant", native(several), "which-database: shop/20261121T020000Z holds several databases"],
    [
      "a database that the backup does not hold",
      { want: { database: "nope" } },
      'no-such-database: shop/20261121T020000Z holds no database "nope"',
    ],
    [
      "extensions that the target does not have",
      withExtensions("hstore", "timescaledb"),
      "extension-unavailable: the target cannot install timescaledb",
    ],
    [
      "extensions that nobody allowed",
      withExtensions("hstore", "postgis"),
      "extension-not-allowed: the backup needs postgis, which only a login with more rights may make",
    ],
  ])("%s", (_, change, refused) => expect(plan(change)).toMatchObject({ refused }));

  test("and lists what there is instead", () => {
    expect(plan(native(several))).toMatchObject({ hint: "Name one of them: shop, blog." });
  });
});

test.each([
  ["a login whose memberships inherit one by one", { facts: { login: { ...facts.login, inherits: false } } }],
  ["a newer target", { facts: { version: 180006 } }],
  [
    "a superuser without the single rights",
    { facts: { login: { ...facts.login, superuser: true, createDatabases: false, createRoles: false } } },
  ],
  ["an extension that the plan allows", { ...withExtensions("hstore", "postgis"), extensions: ["postgis"] }],
  ["a name that looks like a connection string", { want: { as: "host=evil dbname=x" } }],
])("takes %s", (_, change) => expect(plan(change)).not.toHaveProperty("refused"));

test("a name is made up that nobody has, fits PostgreSQL and begins like the source's", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), fc.nat({ max: 20 }), (database, others) => {
      const taken: string[] = [];
      for (let i = 0; i <= others; i++) {
        const name = proposeName(database, "20261121T020000Z", taken);
        expect(taken).not.toContain(name);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
        expect(name).toContain("_restored_202611210200");
        taken.push(name);
      }
    }),
  );
});
