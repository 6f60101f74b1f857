import { writeFileSync } from "node:fs";
import { type Output, table } from "@holdfast/cli/src/output.ts";
import { bytes, counted, grouped, took } from "@holdfast/cli/src/wording.ts";
import { backupId, type Evidence, type Proof } from "@holdfast/core";
import { database } from "./plan.ts";
import type { Restored } from "./restored.ts";
import type { Made } from "./scheduled.ts";
import { type Counted, rowsOf } from "./shop/census.ts";
import { proven } from "./verified.ts";

/** What happened, in numbers: of the signed manifest, the signed evidence, the execution, and of counts of the demo's own. */
export type Result = {
  backups: { source: string; kind: string; id: string; bytes: number; seconds: number }[];
  verified: { id: string; proofs: Proof[]; seconds: number }[];
  restores: {
    source: string;
    kind: string;
    database: string;
    tables: number;
    rowsExpected: number;
    rowsFound: number;
    seconds: number;
  }[];
};
export type Happened = { made: Made; verification: Evidence; restored: Restored; before: readonly Counted[]; after: readonly Counted[] };

/** Rows of a restore are what was counted before the accident and after it. */
export function resultOf({ made, verification, restored, before, after }: Happened): Result {
  const { source, kind } = made.loaded.manifest;
  const id = backupId(made.entry);
  const seen: Proof[] = restored.outcome.slot === made.entry.slot ? ["readable", "restored"] : ["readable"];
  const rows = { rowsExpected: rowsOf(before, "table"), rowsFound: rowsOf(after, "table") };
  return {
    backups: [{ source, kind, id, bytes: made.bytes, seconds: made.seconds }],
    verified: [{ id, proofs: proven(seen), seconds: verification.seconds }],
    restores: [{ source, kind, database, tables: restored.outcome.things, ...rows, seconds: restored.seconds }],
  };
}

export const writeResult = (file: string, result: Result): void => writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);

export function showResult({ backups, verified, restores }: Result, out: Output): void {
  table(
    [
      ...backups.map((it) => ["  backup", it.id, `${bytes(it.bytes)} encrypted`, took(it.seconds)]),
      ...verified.map((it) => ["  verified", it.id, it.proofs.join(", "), took(it.seconds)]),
      ...restores.map((it) => [
        "  restored",
        `database ${it.database}`,
        `${grouped(it.rowsFound)} of ${grouped(it.rowsExpected)} rows in ${counted(it.tables, "table")}`,
        took(it.seconds),
      ]),
    ],
    out,
    [3],
  );
}
