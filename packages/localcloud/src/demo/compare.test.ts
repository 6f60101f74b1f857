import { output } from "@holdfast/cli/src/output.ts";
import { expect, test } from "vitest";
import { compare, differences, showComparison } from "./compare.ts";
import type { Counted } from "./shop/census.ts";

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

function shown(after: readonly Counted[]): string[] {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  showComparison(before, after, output(stream, stream, { now: () => new Date(0), color: false }));
  return written.join("").split("\n");
}

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
  const lines = shown(before);
  expect(lines.find((line) => line.includes("sales.order (2 partitions)"))).toMatch(/30 +30 +every row equal/);
  expect(lines.find((line) => line.includes("all 3 tables"))).toMatch(/30 +30 +every row equal/);
});

test("one different row in one partition makes its table and the total different", () => {
  const lines = shown(before.with(1, table("sales.order_2", 20, "z", "sales.order")));
  expect(lines.find((line) => line.includes("sales.order"))).toContain("DIFFERENT");
  expect(lines.find((line) => line.includes("all 3 tables"))).toContain("DIFFERENT");
  expect(lines.find((line) => line.includes("sales.returned"))).toContain("every row equal");
});
