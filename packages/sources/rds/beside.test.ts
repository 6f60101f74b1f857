import { describe, expect, test } from "vitest";
import { compareBeside, dumpedBeside } from "./beside.ts";
import type { Census } from "./census.ts";
import { aDump } from "./kit/adump.ts";

const dumped = { name: "orders", tables: 4, rows: 20_000, at: "2026-11-21T02:00:00.000Z" };
const counted: Census = { tables: 4, rows: 20_000, exact: true, unknown: 0 };
const told = (found: Partial<Census> | undefined, want = {}) =>
  compareBeside(dumped, found && { ...counted, ...found }, want).map(({ name, severity }) => `${severity} ${name}`);

describe("a restored database beside its dump", () => {
  test("is told with both counts, which need not be equal", () => {
    expect(compareBeside(dumped, { ...counted, rows: 20_431, tables: 5 }, {})).toEqual([
      {
        name: "rows-beside",
        severity: "note",
        message: "orders: 20,431 rows in 5 tables; its dump of 2026-11-21T02:00:00.000Z has 20,000 in 4",
        hint: "The two are of different moments, so they need not be equal.",
      },
    ]);
  });

  test.each([
    ["that is not there", undefined, "refuse database-missing"],
    ["without a row", { rows: 0 }, "refuse database-empty"],
    ["without a row by an estimate that knows every table", { rows: 0, exact: false }, "refuse database-empty"],
    ["with half of the rows", { rows: 10_000 }, "note rows-beside"],
    ["with fewer than half of the rows", { rows: 9_999 }, "doubt rows-collapsed"],
    ["of which the planner knows too little", { rows: 0, exact: false, unknown: 3 }, "note rows-beside"],
  ])("%s", (_what, found, expected) => {
    expect(told(found)).toEqual([expected]);
  });

  test("that is missing or empty stays for those who say force, and is told all the same", () => {
    expect(told(undefined, { force: true })).toEqual(["doubt database-missing"]);
    expect(told({ rows: 0 }, { force: true })).toEqual(["doubt database-empty"]);
    expect(compareBeside(dumped, undefined, {})[0]?.hint).toContain('"force": true');
  });

  test("that its dump has empty may be empty, but not without its tables", () => {
    const empty = { ...dumped, rows: 0 };
    expect(compareBeside(empty, { ...counted, rows: 0 }, {})).toMatchObject([{ severity: "note" }]);
    expect(compareBeside(empty, { ...counted, rows: 0, tables: 0 }, {})).toMatchObject([{ name: "database-empty", severity: "refuse" }]);
    expect(compareBeside({ ...empty, tables: 0 }, { ...counted, rows: 0, tables: 0 }, {})).toMatchObject([{ severity: "note" }]);
  });

  test("is said to be estimated where it was not counted", () => {
    const [found] = compareBeside(dumped, { tables: 4, rows: 19_500, exact: false, unknown: 1 }, {});
    expect(found?.message).toContain(
      "about 19,500 rows in 4 tables by the planner's estimate, and 1 of them nobody ever analysed; its dump",
    );
  });
});

test("databases are those of dumps, the smallest first, and nothing else that stands beside", () => {
  const beside = [
    aDump("20261121T020000Z", { orders: [4, 20_000], small: [1, 2] }),
    { source: "vault", kind: "vault", slot: "20261121T020000Z", native: {} },
    { ...aDump("20261121T020000Z", { other: [1, 1] }), native: { format: "holdfast-postgres/9" } },
  ];
  expect(dumpedBeside(beside)).toEqual([{ name: "small", tables: 1, rows: 2, at: dumped.at }, dumped]);
});
