import { amount, type Block, type Line, sum } from "../comparison.ts";
import { DemoFailed } from "../errors.ts";
import { type Counted, rowsOf } from "../shop/census.ts";
import { compare, differences } from "../shop/compare.ts";

/** Rows are counted before the accident and in the restored cluster. `pointInTime`: the moment that was asked for, ISO 8601. */
export type ClusterCounts = { cluster: string; tables: number; rowsExpected: number; rowsFound: number; pointInTime?: string };

/** Tables, largest first, and all of them. */
export function clusterBlock(title: string, before: readonly Counted[], after: readonly Counted[], more: readonly Line[] = []): Block {
  const tables = compare(before, after)
    .filter(({ what }) => what === "table")
    .sort((a, b) => (b.before ?? 0) - (a.before ?? 0));
  return { title, equal: "every row equal", lines: [...tables, sum(`all ${tables.length} tables, rows`, tables), ...more] };
}

export const countsOf = (cluster: string, before: readonly Counted[], after: readonly Counted[]): ClusterCounts => ({
  cluster,
  tables: after.filter(({ what }) => what === "table").length,
  rowsExpected: rowsOf(before, "table"),
  rowsFound: rowsOf(after, "table"),
});

/** Throws {@link DemoFailed} where the two are not the same. */
export function requireEqual(what: string, before: readonly Counted[], after: readonly Counted[]): void {
  const different = differences(before, after);
  if (different.length > 0) throw new DemoFailed(`${what} differs: ${different.join("; ")}`, "The restore's evidence and logs say more.");
}

export const rowsWords = ({ rowsExpected, rowsFound, tables }: ClusterCounts): string =>
  `${amount(rowsFound)} of ${amount(rowsExpected)} rows in ${tables} tables`;
