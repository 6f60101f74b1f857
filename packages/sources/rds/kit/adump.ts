import type { Beside } from "@holdfast/core";
import type { Native } from "../../postgres/native.ts";

/** A dump as its manifest tells it: tables and rows of each database. */
export function aDump(slot: string, databases: Readonly<Record<string, readonly [tables: number, rows: number]>>): Beside {
  const rest = { bytes: 8192, uncounted: 0, sequences: 0, largeObjects: 0, extensions: [] };
  const native: Native = {
    format: "holdfast-postgres/1",
    server: 170010,
    client: "17.10",
    databases: Object.entries(databases).map(([name, [tables, rows]]) => ({ name, dump: `${name}.dump`, tables, rows, ...rest })),
    globals: true,
    incomplete: [],
  };
  return { source: "shop-dump", kind: "postgres", slot, native };
}
