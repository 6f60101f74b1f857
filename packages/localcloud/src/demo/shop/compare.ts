import { counted } from "@holdfast/cli/src/wording.ts";
import { amount, type Block, type Line, sum } from "../comparison.ts";
import type { Counted } from "./census.ts";

/** What one thing held before and after. */
type Pair = Line & { what: Counted["what"] };

/** Pairs of all that was there before or after. Equal: the same number of rows, and each row the same. */
export function compare(before: readonly Counted[], after: readonly Counted[]): Pair[] {
  const key = ({ what, name }: Counted) => `${what} ${name}`;
  const then = new Map(before.map((it) => [key(it), it]));
  const now = new Map(after.map((it) => [key(it), it]));
  return [...new Map([...then, ...now])].map(([own, { what, name }]) => {
    const [a, b] = [then.get(own), now.get(own)];
    const equal = a !== undefined && a.rows === b?.rows && a.fingerprint === b.fingerprint;
    return { what, name, before: a?.rows, after: b?.rows, equal };
  });
}

/** Tables of which each gets a line of its own; the others share one. */
const shown = 6;

/** The largest tables (partitions as one), the others together, all of them, and what are no tables. */
export function shopBlock(title: string, before: readonly Counted[], after: readonly Counted[]): Block {
  const pairs = compare(before, after);
  const of = (what: Counted["what"]) => pairs.filter((pair) => pair.what === what);
  const tables = of("table");
  const whole = wholeTables(tables, [...before, ...after]).sort((a, b) => (b.before ?? 0) - (a.before ?? 0));
  const rest = whole.slice(shown);
  const lines = [
    ...whole.slice(0, shown),
    ...(rest.length > 0 ? [sum(counted(rest.length, "further table"), rest)] : []),
    sum(`all ${counted(tables.length, "table")}, rows`, tables),
    ...of("materialized view").map((view) => ({ ...view, name: `${view.name} (materialized view)` })),
    ...of("large objects"),
    count("sequences", of("sequence")),
  ];
  return { title, equal: "every row equal", lines };
}

/** Of sequences it counts how many there are. */
const count = (name: string, pairs: readonly Pair[]): Line => ({
  name,
  before: pairs.filter(({ before }) => before !== undefined).length,
  after: pairs.filter(({ after }) => after !== undefined).length,
  equal: pairs.every(({ equal }) => equal),
});

/** Partitions together under the name of their table. */
function wholeTables(tables: readonly Pair[], counts: readonly Counted[]): Line[] {
  const parents = new Map(counts.flatMap(({ name, partOf }) => (partOf ? [[name, partOf] as const] : [])));
  const groups = Map.groupBy(tables, ({ name }) => parents.get(name) ?? name);
  return [...groups].map(([name, parts]) => sum(parts.length > 1 ? `${name} (${parts.length} partitions)` : name, parts));
}

/** What differs, in words. */
export const differences = (before: readonly Counted[], after: readonly Counted[]): string[] =>
  compare(before, after)
    .filter(({ equal }) => !equal)
    .map(({ what, name, before: a, after: b }) => `${what} ${name}: ${amount(a)} before, ${amount(b)} after`);
