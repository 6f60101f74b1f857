import { describe, expect, test } from "vitest";
import { aBackup, type Shape } from "./kit/weighed.ts";
import { doubts } from "./doubts.ts";

const normal: Shape = { bytes: 50_000_000, tables: { orders: 10_000, customers: 5_000, days: 12, a: 1, b: 1, c: 1 } };
const names = (now: Shape, before: Shape = normal) => doubts(aBackup(now), aBackup(before)).map((it) => it.name);

test("a backup like the one before gives no doubt", () => expect(names(normal)).toEqual([]));
test("neither does one that grew, or shrank a little", () => {
  expect(names({ bytes: 90_000_000, tables: { ...normal.tables, orders: 50_000, more: 5 } })).toEqual([]);
  expect(names({ bytes: 40_000_000, tables: { ...normal.tables, orders: 9_000 } })).toEqual([]);
});

describe("a doubt comes when", () => {
  test("the database is empty, tables and all", () => {
    expect(names({ bytes: 1000, tables: {} })).toEqual([
      "database-emptied",
      "fewer-rows",
      "fewer-tables",
      "fewer-bytes",
      "tables-vanished",
    ]);
  });
  test("the tables are there and hold nothing", () => {
    expect(names({ bytes: 40_000_000, tables: { orders: 0, customers: 0, days: 0, a: 0, b: 0, c: 0 } })).toEqual([
      "database-emptied",
      "fewer-rows",
      "tables-emptied",
    ]);
  });
  test("less than half of the rows are left", () => {
    expect(names({ ...normal, tables: { ...normal.tables, orders: 2_000 } })).toEqual(["fewer-rows"]);
  });
  test("less than half of the tables are left", () => {
    expect(names({ ...normal, tables: { orders: 10_000, customers: 5_000 } })).toEqual(["fewer-tables"]);
  });
  test("less than half of the bytes are left, though rows and tables are the same", () => {
    expect(names({ ...normal, bytes: 20_000_000 })).toEqual(["fewer-bytes"]);
  });
  test("one table that held many rows is empty, though the others hide it", () => {
    expect(names({ ...normal, tables: { ...normal.tables, customers: 0 } })).toEqual(["tables-emptied"]);
  });
  test("one table that held many rows is gone", () => {
    expect(names({ ...normal, tables: { orders: 10_000, days: 12, a: 1, b: 1, c: 1 } })).toEqual(["tables-vanished"]);
  });
  test("a whole database is gone", () => expect(names({ ...normal, database: "other" })).toEqual(["database-vanished"]));
});

describe("no doubt comes when", () => {
  test("a small table halves or empties", () => expect(names({ ...normal, tables: { ...normal.tables, days: 0 } })).toEqual([]));
  test("a tiny database halves", () =>
    expect(names({ bytes: 100, tables: { a: 4 } }, { bytes: 400, tables: { a: 10, b: 3 } })).toEqual([]));
  test("a database that was empty stays so", () => expect(names({ bytes: 100, tables: {} }, { bytes: 100, tables: {} })).toEqual([]));
  test("rows were not counted in time", () => {
    expect(names({ ...normal, tables: { ...normal.tables, orders: "not-counted", customers: "not-counted" } })).toEqual([]);
  });
  test("an old partition was dropped", () => {
    const partitions = { ...normal, tables: { ...normal.tables, p1: 2_000 }, partitions: ["p1"] };
    expect(names(normal, partitions)).toEqual([]);
  });
  test("a table's data is excluded since", () => {
    expect(names({ ...normal, tables: { ...normal.tables, customers: "excluded" } })).toEqual([]);
  });
});

test("a message has numbers and names no table", () => {
  const messages = doubts(aBackup({ bytes: 1000, tables: {} }), aBackup(normal))
    .map((it) => it.message)
    .join("\n");
  expect(messages).toContain("no rows are left of 15015");
  expect(messages).not.toMatch(/orders|customers/);
});

test("without the contents of the backup before, totals alone are compared", () => {
  const now = aBackup({ ...normal, tables: { ...normal.tables, customers: 0 } });
  expect(doubts(now, { ...aBackup(normal), contents: undefined })).toEqual([]);
  expect(doubts(aBackup({ bytes: 1000, tables: {} }), { ...aBackup(normal), contents: undefined }).map((it) => it.name)).toContain(
    "fewer-tables",
  );
});
