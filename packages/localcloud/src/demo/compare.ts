import { type Cell, type Output, table } from "@holdfast/cli/src/output.ts";
import { counted, grouped } from "@holdfast/cli/src/wording.ts";
import type { Counted } from "./shop/census.ts";

/** What one thing held before and after; undefined: it was not there. */
export type Pair = {
  what: Counted["what"];
  name: string;
  parts: number;
  before: number | undefined;
  after: number | undefined;
  equal: boolean;
};

/** Pairs of all that was there before or after. Equal: the same number of rows, and each row the same. */
export function compare(before: readonly Counted[], after: readonly Counted[]): Pair[] {
  const key = ({ what, name }: Counted) => `${what} ${name}`;
  const then = new Map(before.map((it) => [key(it), it]));
  const now = new Map(after.map((it) => [key(it), it]));
  const all = new Map([...then, ...now]);
  return [...all].map(([own, { what, name }]) => {
    const [a, b] = [then.get(own), now.get(own)];
    return {
      what,
      name,
      parts: 1,
      before: a?.rows,
      after: b?.rows,
      equal: a !== undefined && a.rows === b?.rows && a.fingerprint === b.fingerprint,
    };
  });
}

/** Tables of which each gets a line of its own; the others share one. */
const shown = 6;

/** Counts side by side: the largest tables (partitions as one), the others together, all of them, and what are no tables. */
export function showComparison(before: readonly Counted[], after: readonly Counted[], out: Output): void {
  const pairs = compare(before, after);
  const whole = wholeTables(
    pairs.filter(({ what }) => what === "table"),
    [...before, ...after],
  ).sort((a, b) => (b.before ?? 0) - (a.before ?? 0));
  const others = pairs.filter(({ what }) => what !== "table");
  const rest = whole.slice(shown);
  const tables = pairs.filter(({ what }) => what === "table");
  const rows: Cell[][] = [
    ["", "before", "after", ""].map((text) => ({ text, tone: "quiet" })),
    ...whole.slice(0, shown).map((pair) => line(pair.parts > 1 ? `${pair.name} (${pair.parts} partitions)` : pair.name, pair)),
    ...(rest.length > 0 ? [line(`${counted(rest.length, "further table")}`, sum(rest))] : []),
    line(`all ${counted(tables.length, "table")}, rows`, sum(tables)),
    ...others.filter(({ what }) => what === "large objects").map((pair) => line("large objects", pair)),
    line("sequences", count(others.filter(({ what }) => what === "sequence"))),
  ];
  for (const view of others.filter(({ what }) => what === "materialized view"))
    rows.splice(-2, 0, line(`${view.name} (materialized view)`, view));
  table(
    rows.map(([first, ...more]) => ["    ", first ?? "", ...more]),
    out,
    [2, 3],
  );
}

type Line = Pick<Pair, "before" | "after" | "equal">;
const number = (rows: number | undefined): string => (rows === undefined ? "none" : grouped(rows));
const line = (name: string, { before, after, equal }: Line): Cell[] => [
  name,
  number(before),
  number(after),
  { text: equal ? "every row equal" : "DIFFERENT", tone: equal ? "good" : "bad" },
];

function sum(pairs: readonly Line[]): Line {
  const total = (of: "before" | "after") => pairs.reduce((rows, pair) => rows + (pair[of] ?? 0), 0);
  return { before: total("before"), after: total("after"), equal: pairs.every(({ equal }) => equal) };
}
/** Of sequences it counts how many there are. */
const count = (pairs: readonly Line[]): Line => ({
  before: pairs.filter(({ before }) => before !== undefined).length,
  after: pairs.filter(({ after }) => after !== undefined).length,
  equal: pairs.every(({ equal }) => equal),
});

/** Partitions together under the name of their table. */
function wholeTables(tables: readonly Pair[], counts: readonly Counted[]): Pair[] {
  const parents = new Map(counts.flatMap(({ name, partOf }) => (partOf ? [[name, partOf] as const] : [])));
  const groups = Map.groupBy(tables, ({ name }) => parents.get(name) ?? name);
  return [...groups].map(([name, parts]) => ({ what: "table", name, parts: parts.length, ...sum(parts) }));
}

/** What differs, in words. */
export const differences = (before: readonly Counted[], after: readonly Counted[]): string[] =>
  compare(before, after)
    .filter(({ equal }) => !equal)
    .map(({ what, name, before: a, after: b }) => `${what} ${name}: ${number(a)} before, ${number(b)} after`);
