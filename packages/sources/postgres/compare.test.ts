import { expect, test } from "vitest";
import type { Archive } from "./archive.ts";
import { compareArchive, disagreement } from "./compare.ts";
import { aBackup, FIRST_OID, type Shape } from "./kit/weighed.ts";

const shape: Shape = { bytes: 1, tables: { secret_a: 10, b: 0, late: "not-counted", cache: "excluded" }, sequences: 2 };
const backup = aBackup(shape);
const [expected = undefined] = backup.contents.databases;
const archive: Archive = {
  version: "1.16",
  entries: 9,
  rows: new Map([
    [FIRST_OID, 10],
    [FIRST_OID + 1, 0],
    [FIRST_OID + 2, 77],
  ]),
  sequences: 2,
  largeObjects: 0,
};
const found = (change: Partial<Archive>) => (expected ? compareArchive({ ...archive, ...change }, expected) : []);
const rows = (...more: [number, number][]) => ({ rows: new Map([...archive.rows, ...more]) });
const without = (oid: number) => ({ rows: new Map([...archive.rows].filter(([it]) => it !== oid)) });

test("an archive that holds what was counted is in order, tables that were not counted included", () => expect(found({})).toEqual([]));

test.each([
  ["rows-differ", rows([FIRST_OID, 9]), "1 of 3 tables hold 9 rows where 10 were counted"],
  ["rows-differ", rows([FIRST_OID, 9], [FIRST_OID + 1, 1]), "2 of 3 tables hold 10 rows where 10 were counted"],
  ["tables-missing", without(FIRST_OID + 1), "the data of 1 of 3 tables is missing"],
  ["tables-missing", without(FIRST_OID + 2), "the data of 1 of 3 tables is missing"],
  ["tables-unexpected", rows([FIRST_OID + 3, 5]), "data of 1 tables that contents.json does not list"],
  ["tables-unexpected", rows([99, 5]), "data of 1 tables that contents.json does not list"],
  ["sequences-missing", { sequences: 1 }, "1 of 2 sequences are there"],
  ["large-objects-differ", { largeObjects: 1 }, "1 of 0 large objects are there"],
])("%s is found, with numbers and no table's name", (name, change, message) => {
  expect(found(change)).toEqual([
    expect.objectContaining({ name, severity: "refuse", message: `shop.dump: ${message}`.replace(": data", ": it holds data") }),
  ]);
  expect(JSON.stringify(found(change))).not.toContain("secret_a");
});

test("contents and manifest that are about the same backup agree", () => {
  expect(disagreement(backup.contents, backup.backup.native, backup.backup.artifacts)).toBeUndefined();
});

test.each([
  ["another number of rows", aBackup({ ...shape, tables: { ...shape.tables, b: 1 } }), /about the rows of database 1/],
  ["another number of tables", aBackup({ ...shape, tables: { secret_a: 10 } }), /about the tables, uncounted of database 1/],
  ["another database", aBackup({ ...shape, database: "other" }), /disagree about database 1/],
])("contents of %s do not", (_, other, message) => {
  expect(disagreement(other.contents, backup.backup.native, backup.backup.artifacts)).toMatch(message);
});

test("a dump that the backup does not have is noticed", () => {
  expect(disagreement(backup.contents, backup.backup.native, [])).toMatch(/shop\.dump, which the backup does not have/);
});
