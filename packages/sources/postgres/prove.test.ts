import { describe, expect, test } from "vitest";
import type { DatabaseContents } from "./contents.ts";
import { aBackup } from "./kit/weighed.ts";
import { compareLoaded, keyOf, type Loaded } from "./prove.ts";

const at = (name: string) => keyOf({ schema: "public", name });
const [whole = undefined] = aBackup({ bytes: 1, tables: { secret_a: 10, b: 0, late: "not-counted", cache: "excluded" }, sequences: 1 })
  .contents.databases;
const expected = { ...whole, objects: { views: 2, materializedViews: 1 }, largeObjects: 3, settings: ["TimeZone=UTC"] } as DatabaseContents;
const loaded: Loaded = {
  rows: new Map([
    [at("secret_a"), 10],
    [at("b"), 0],
    [at("late"), 5],
    [at("cache"), 0],
  ]),
  sequences: new Map([[at("s0"), 1n]]),
  largeObjects: 3,
  invalidIndexes: 0,
  objects: { views: 2, materializedViews: 1 },
  settings: ["TimeZone=UTC"],
};
const rows = (...more: [string, number][]) => ({
  rows: new Map([...loaded.rows, ...more.map(([name, n]): [string, number] => [at(name), n])]),
});
const without = (name: string) => ({ rows: new Map([...loaded.rows].filter(([key]) => key !== at(name))) });
const told = (change: Partial<Loaded>, contents = expected) =>
  compareLoaded(contents, { ...loaded, ...change })
    .findings.filter((it) => it.severity !== "note")
    .map((it) => `${it.severity} ${it.name}: ${it.message}`);

test("what is the same is proven, and tells what was not compared", () => {
  const proven = compareLoaded(expected, loaded);
  expect(proven).toMatchObject({ unit: "rows", things: 4, expected: 10, found: 10 });
  expect(proven.findings.map((it) => `${it.severity} ${it.name}`)).toEqual(["note tables-not-compared", "note tables-without-rows"]);
});

describe("is refused when", () => {
  test.each([
    ["rows are lost", rows(["secret_a", 9]), "refuse rows-differ: 1 of 2 tables differ: they hold 9 rows instead of 10"],
    ["rows came twice", rows(["secret_a", 20]), "refuse rows-differ: 1 of 2 tables differ: they hold 20 rows instead of 10"],
    [
      "rows moved from one table to another",
      rows(["secret_a", 9], ["b", 1]),
      "refuse rows-differ: 2 of 2 tables differ: they hold 10 rows instead of 10",
    ],
    ["a table is missing", without("b"), "refuse tables-missing: 1 of 4 tables are not there"],
    ["a table that was not counted is missing", without("late"), "refuse tables-missing: 1 of 4 tables are not there"],
    [
      "a table is there that should not be",
      rows(["intruder", 1]),
      "refuse tables-unexpected: 1 tables are there that the backup does not list",
    ],
    [
      "a sequence is missing",
      { sequences: new Map() },
      "refuse sequences-behind: 1 of 1 sequences are missing or would give numbers again",
    ],
    [
      "a sequence would give a number again",
      { sequences: new Map([[at("s0"), 0n]]) },
      "refuse sequences-behind: 1 of 1 sequences are missing or would give numbers again",
    ],
    ["large objects are missing", { largeObjects: 2 }, "refuse large-objects-differ: 2 of 3 large objects are there"],
    ["an index is not valid", { invalidIndexes: 1 }, "refuse indexes-invalid: 1 indexes are not valid"],
  ])("%s", (_, change, finding) => {
    expect(told(change)).toEqual([finding]);
    expect(JSON.stringify(told(change))).not.toMatch(/secret_a|intruder/);
  });
});

test("missing definitions are a doubt: the rows are all there", () => {
  expect(told({ objects: { views: 1, materializedViews: 1 } })).toEqual(["doubt objects-differ: of definitions there are 1 of 2 views"]);
});

test.each([
  ["up and further on", "5", true, "1", 9n, []],
  ["up and just there", "5", true, "1", 6n, []],
  ["up and behind", "5", true, "1", 5n, ["sequences-behind"]],
  ["up and never called", "5", false, "1", 5n, []],
  ["down and further on", "-5", true, "-2", -9n, []],
  ["down and behind", "-5", true, "-2", -5n, ["sequences-behind"]],
  ["past what a double holds exactly", "9223372036854775000", true, "1", 9223372036854775001n, []],
  ["past what a double holds exactly, and behind", "9223372036854775000", true, "1", 9223372036854775000n, ["sequences-behind"]],
])("a sequence that counts %s", (_, last, called, increment, next, names) => {
  const contents = { ...expected, sequences: [{ schema: "public", name: "s0", last, called, increment }] };
  expect(
    compareLoaded(contents, { ...loaded, sequences: new Map([[at("s0"), next]]) })
      .findings.filter((it) => it.severity === "refuse")
      .map((it) => it.name),
  ).toEqual(names);
});

test("what a restore leaves out is told by number", () => {
  const contents = { ...expected, aside: { eventTriggers: 1, publications: 2, subscriptions: 0, userMappings: 0 } };
  const messages = compareLoaded(contents, { ...loaded, settings: [] }, 3).findings.map((it) => `${it.name}: ${it.message}`);
  expect(messages).toContain("left-out: not restored: 1 event triggers, 2 publications");
  expect(messages).toContain("settings-left-out: 1 parameters of the database are not set");
  expect(messages).toContain("policies-left-out: 3 row-level security policies are for roles that the target lacks");
});
