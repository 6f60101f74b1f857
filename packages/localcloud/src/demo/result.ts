import { writeFileSync } from "node:fs";
import { type Cell, type Output, table } from "@holdfast/cli/src/output.ts";
import { bytes, took } from "@holdfast/cli/src/wording.ts";
import { backupId, type Evidence, type Proof } from "@holdfast/core";
import type { Copied } from "./copies/copied.ts";
import type { ClusterCounts } from "./orders/compare.ts";
import type { Restored } from "./restored.ts";
import type { Made } from "./scheduled.ts";
import type { ShopCounts } from "./shop/subject.ts";
import type { Comparison, Restoring } from "./subject.ts";
import type { VaultCounts } from "./vault/subject.ts";
import { proven } from "./verified.ts";

/** What happened, in numbers: of the signed manifests, the signed evidence, the executions, and of counts of the demo's own. */
export type Result = {
  backups: { source: string; kind: string; id: string; bytes: number; seconds: number }[];
  verified: { id: string; proofs: Proof[]; seconds: number }[];
  /** What the evidence of each copy says. `id`: of the backup. */
  copies: ({ id: string } & Copied)[];
  restores: ({ source: string; kind: string; seconds: number } & (ShopCounts | VaultCounts | ClusterCounts))[];
};
/** What happened to one source. */
export type Happened = { made: Made; verification: Evidence; copies: readonly Copied[]; restores: readonly Back[] };
/** One of its restores. */
export type Back = { restoring: Pick<Restoring, "beside">; restored: Restored; comparison: Comparison };

export const resultOf = (all: readonly Happened[]): Result => ({
  backups: all.map(({ made }) => ({ ...whose(made), id: backupId(made.entry), bytes: made.bytes, seconds: made.seconds })),
  verified: all.map((it) => ({ id: backupId(it.made.entry), proofs: proofsOf(it), seconds: it.verification.seconds })),
  copies: all.flatMap(({ made, copies }) => copies.map((copied) => ({ id: backupId(made.entry), ...copied }))),
  restores: all.flatMap(({ made, restores }) =>
    restores.map(({ restored, comparison }) => ({ ...whose(made), ...comparison.counts, seconds: restored.seconds })),
  ),
});

function whose({ loaded }: Made): { source: string; kind: string } {
  const { source, kind } = loaded.manifest;
  return { source, kind };
}

function proofsOf({ made, verification, copies, restores }: Happened): Proof[] {
  const own = restores.some(({ restoring, restored }) => !restoring.beside && restored.outcome.slot === made.entry.slot);
  const restored: Proof[] = own ? ["restored"] : [];
  const copied: Proof[] = copies.length > 0 ? ["copied"] : [];
  // Of a snapshot nobody reads bytes, so no proof of them is implied.
  return verification.proof === "present" ? ["present", ...restored] : proven(["readable", ...copied, ...restored]);
}

export const writeResult = (file: string, result: Result): void => writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);

export function showResult(all: readonly Happened[], out: Output): void {
  const { verified } = resultOf(all);
  table(
    [
      ...all.map(({ made }) => ["  backup", backupId(made.entry), sizeOf(made), took(made.seconds)]),
      ...verified.map((it) => ["  verified", it.id, it.proofs.join(", "), took(it.seconds)]),
      ...all.flatMap(copiedRow),
      ...all
        .flatMap(({ restores }) => restores)
        .map(({ comparison, restored }) => ["  restored", comparison.what, comparison.found, took(restored.seconds)]),
    ],
    out,
    [3],
  );
}

/** The copies are made side by side: they took as long as the slowest. */
function copiedRow({ made, copies }: Happened): Cell[][] {
  if (copies.length === 0) return [];
  const slowest = Math.max(...copies.map(({ seconds }) => seconds));
  return [["  copied", backupId(made.entry), `to ${copies.map(({ store }) => store).join(", ")}`, took(slowest)]];
}

const sizeOf = ({ loaded, bytes: size }: Made): string =>
  loaded.manifest.artifacts.length > 0 ? `${bytes(size)} encrypted` : "a snapshot at RDS";
