import { type Cell, type Output, table } from "@holdfast/cli/src/output.ts";
import { grouped } from "@holdfast/cli/src/wording.ts";

/** How much was there before and after; undefined: nothing of that name. */
export type Line = {
  name: string;
  before: number | undefined;
  after: number | undefined;
  equal: boolean;
  /** What it means that this one is equal, where that is something else than for the others of its block. */
  means?: string;
};
/** What was counted of one subject. `equal`: what it means that a line is equal. */
export type Block = { title: string; equal: string; lines: readonly Line[] };

/** Counts side by side, a block for each subject. */
export function showComparison(blocks: readonly Block[], out: Output): void {
  const rows: Cell[][] = blocks.flatMap((block, i) => [
    ...(i > 0 ? [["", "", "", ""]] : []),
    [...[block.title, "before", "after"].map((text) => ({ text, tone: "quiet" as const })), ""],
    ...block.lines.map((line) => cells(line, block.equal)),
  ]);
  table(
    rows.map((row) => ["  ", ...row]),
    out,
    [2, 3],
  );
}

const cells = ({ name, before, after, equal, means }: Line, words: string): Cell[] => [
  `  ${name}`,
  amount(before),
  amount(after),
  { text: equal ? (means ?? words) : "DIFFERENT", tone: equal ? "good" : "bad" },
];

export const amount = (many: number | undefined): string => (many === undefined ? "none" : grouped(many));

/** Several lines as one. */
export function sum(name: string, lines: readonly Omit<Line, "name">[]): Line {
  const total = (of: "before" | "after") => lines.reduce((all, line) => all + (line[of] ?? 0), 0);
  return { name, before: total("before"), after: total("after"), equal: lines.every(({ equal }) => equal) };
}
