import { output } from "@holdfast/cli/src/output.ts";
import { expect, test } from "vitest";
import { type Block, showComparison, sum } from "./comparison.ts";

function shown(blocks: readonly Block[]): string[] {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  showComparison(blocks, output(stream, stream, { now: () => new Date(0), color: false }));
  return written.join("").split("\n");
}

test("each subject has its block, and the numbers of all stand below each other", () => {
  const lines = shown([
    { title: "database shop", equal: "every row equal", lines: [{ name: "orders", before: 302_640, after: 302_640, equal: true }] },
    { title: "Vault", equal: "every secret equal", lines: [{ name: "app", before: 9, after: undefined, equal: false }] },
  ]);
  expect(lines).toEqual([
    "    database shop   before    after",
    "      orders       302,640  302,640  every row equal",
    "",
    "    Vault           before    after",
    "      app                9     none  DIFFERENT",
    "",
  ]);
});

test("a line may say in its own words what it means that it is equal", () => {
  const lines = [{ name: "written later", before: undefined, after: undefined, equal: true, means: "it is not there" }];
  expect(shown([{ title: "a cluster", equal: "every row equal", lines }])[1]).toMatch(/written later +none +none {2}it is not there$/);
});

test("a sum is equal when all of it is", () => {
  const line = (before: number | undefined, after: number | undefined, equal: boolean) => ({ before, after, equal });
  expect(sum("all", [line(1, 1, true), line(2, 2, true)])).toEqual({ name: "all", before: 3, after: 3, equal: true });
  expect(sum("all", [line(1, undefined, false), line(undefined, 1, false)])).toEqual({ name: "all", before: 1, after: 1, equal: false });
});
