import { expect, test } from "vitest";
import type { Counted } from "./census.ts";
import { compare, differences, shopBlock } from "./compare.ts";

const table = (name: string, rows: number, fingerprint = `${rows}`, partOf?: string): Counted => ({
  what: "table",
  name,
  rows,
  fingerprint,
  ...(partOf ? { partOf } : {}),
});
const before: Counted[] = [
  table("sales.order_1", 10, "a", "sales.order"),
  table("sales.order_2", 20, "b", "sales.order"),
  table("sales.returned", 0, "0"),
  { what: "large objects", name: "large objects", rows: 3, fingerprint: "c" },
  { what: "sequence", name: "sales.number", rows: 1, fingerprint: "d" },
];

const lines = (after: readonly Counted[]) => shopBlock("shop", before, after).lines;

test("what holds the same rows is equal", () => {
  expect(differences(before, structuredClone(before))).toEqual([]);
  expect(compare(before, before).every(({ equal }) => equal)).toBe(true);
});

test("as many rows with another content are no equal table", () => {
  expect(differences(before, before.with(0, table("sales.order_1", 10, "z")))).toEqual(["table sales.order_1: 10 before, 10 after"]);
});

test("a table that is missing, and one that nobody asked for, both differ", () => {
  expect(differences(before, before.slice(0, 2).concat(before.slice(3)))).toEqual(["table sales.returned: 0 before, none after"]);
  expect(differences(before, [...before, table("sales.new", 0, "0")])).toEqual(["table sales.new: none before, 0 after"]);
});

test("partitions are shown as the table that they are of, and counted as tables", () => {
  expect(lines(before)).toContainEqual({ name: "sales.order (2 partitions)", before: 30, after: 30, equal: true });
  expect(lines(before)).toContainEqual({ name: "all 3 tables, rows", before: 30, after: 30, equal: true });
});

test("one different row in one partition makes its table and the total different", () => {
  const found = lines(before.with(1, table("sales.order_2", 20, "z", "sales.order")));
  const equal = Object.fromEntries(found.map((line) => [line.name, line.equal]));
  expect(equal).toMatchObject({ "sales.order (2 partitions)": false, "all 3 tables, rows": false, "sales.returned": true });
});
