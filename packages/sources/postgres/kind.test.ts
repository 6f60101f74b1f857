import { expect, test } from "vitest";
import { kinds } from "../kinds.ts";
import { config, tableName, target } from "./config.ts";
import { postgres } from "./kind.ts";
import { MOST_DATABASES, native } from "./native.ts";

const refusal = (input: unknown) => config.safeParse(input).error?.issues[0];

test("a source needs nothing but the name of its secret", () => {
  expect(config.parse({ connection: "shop/db" })).toEqual({
    connection: "shop/db",
    databases: "all",
    lockTimeout: 30,
    excludeData: [],
    allowIncomplete: [],
  });
});

test.each([
  ["a field that does not exist", { connection: "s", schema: "shop" }, []],
  ["a database named twice", { connection: "s", databases: ["a", "a"] }, ["databases"]],
  ["a name that PostgreSQL would cut", { connection: "s", databases: ["ä".repeat(32)] }, ["databases", 0]],
  ["a name with a line break", { connection: "s", databases: ["a\nb"] }, ["databases", 0]],
  ["several hosts in one", { connection: "s", host: "a,b" }, ["host"]],
  ["a socket folder as a host", { connection: "s", host: "/tmp" }, ["host"]],
  ["a mode of TLS that anybody on the way can switch off", { connection: "s", tls: { mode: "prefer" } }, ["tls", "mode"]],
  ["a finding that nobody reports", { connection: "s", allowIncomplete: ["rls"] }, ["allowIncomplete", 0]],
])("the plan refuses %s and names the field", (_, input, path) => {
  expect(refusal(input)?.path).toEqual(path);
});

test("names of databases may hold anything else, also what looks like a connection string", () => {
  const databases = ["host=/elsewhere dbname=app", "naïve Döner", "-x", 'a"b', "%"];
  expect(config.parse({ connection: "s", databases }).databases).toEqual(databases);
});

test.each(["public.users", '"Odd.Schema"."a ""b"""'])("%s names a table", (name) => expect(tableName.safeParse(name).success).toBe(true));
test.each(["users", "a.b.c", 'a."b', "a..b", '"".b'])("%s does not name a table", (name) =>
  expect(tableName.safeParse(name).success).toBe(false),
);

test("each verb says what it needs, and reading needs no secret", () => {
  const network = { subnets: ["subnet-1"], securityGroups: ["sg-1"] };
  expect(postgres.needs("capture", config.parse({ connection: "s", network }))).toEqual({
    secrets: ["s"],
    layers: ["postgres"],
    vpc: network,
    allow: [],
  });
  expect(postgres.needs("restore", target.parse({ connection: "t" })).secrets).toEqual(["t"]);
  expect(postgres.needs("read")).toEqual({ secrets: [], layers: ["postgres"], vpc: undefined, allow: [] });
});

test("as many databases as one backup may hold fit 32 KiB", () => {
  const database = {
    name: "ä".repeat(31),
    dump: `${"%C3%A4".repeat(31)}.dump`,
    bytes: Number.MAX_SAFE_INTEGER,
    tables: 1e6,
    rows: Number.MAX_SAFE_INTEGER,
    uncounted: 1e6,
    sequences: 1e6,
    largeObjects: 1e12,
    extensions: Array.from({ length: 12 }, () => "fuzzystrmatch"),
  };
  const full = {
    format: "holdfast-postgres/1",
    server: 180006,
    client: "18.6",
    databases: Array.from({ length: MOST_DATABASES }, () => database),
    globals: true,
    incomplete: [],
  };
  expect(native.safeParse(full).error).toBeUndefined();
  expect(JSON.stringify(full).length).toBeLessThan(32 * 1024);
});

test("every kind in the list stands under its own name", () => {
  for (const [name, entry] of Object.entries(kinds)) {
    expect(entry.kind.name).toBe(name);
    expect(entry.folder).toBe(`packages/sources/${name}`);
  }
});
