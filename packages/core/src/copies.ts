import { backupId, type BackupId, type EvidenceRef } from "./layout.ts";
import { type Keep, expiryDays } from "./keep.ts";
import { archiveAfterDays } from "./margins.ts";

/**
 * The run of evidence `copied` is the name of the store: `gcs`, and from the second word about one copy on it counts, `gcs_2`. A store's name has
 * no underscore. So what was found decayed later, and what was made again after that, stand beside the first in the order in which they were said,
 * whatever clocks say, and an event that comes twice finds what it would have written.
 */
type Said = Pick<EvidenceRef, "verdict" | "run">;
const runPattern = /^([a-z0-9-]+?)(?:_(\d+))?$/;
const runOf = (run: string) => {
  const [, store = "", count = "1"] = runPattern.exec(run) ?? [];
  return { store, count: Number(count) };
};
/** The store that a piece of evidence `copied` is about. */
export const copiedTo = ({ run }: Pick<EvidenceRef, "run">): string => runOf(run).store;

/** What was said last of a copy in that store; of two at once the worse. Undefined: nothing yet. */
export function lastSaid<T extends Said>(about: readonly T[], store: string): T | undefined {
  const own = about.filter((said) => copiedTo(said) === store);
  const newest = Math.max(...own.map(({ run }) => runOf(run).count));
  const last = own.filter(({ run }) => runOf(run).count === newest);
  return last.find(({ verdict }) => verdict !== "ok") ?? last[0];
}

/** The run of what is said now. What was said last already has the run that it has, so that it is found there and not told again. */
export function runFor(about: readonly Said[], store: string, verdict: Said["verdict"]): string {
  const last = lastSaid(about, store);
  if (!last) return store;
  return last.verdict === verdict ? last.run : `${store}_${runOf(last.run).count + 1}`;
}

/** By evidence: `ok`, `failed` (it cannot be made, or is not what it was any more), undefined: nothing was said. */
export type CopyVerdict = "ok" | "failed" | undefined;
type Evidenced = BackupId & { at: Date; evidence: { copied?: readonly Said[] } };
export function copyVerdict({ evidence }: Pick<Evidenced, "evidence">, store: string): CopyVerdict {
  const last = lastSaid(evidence.copied ?? [], store);
  return last && (last.verdict === "ok" ? "ok" : "failed");
}

/** Days for which a backup is to be copied and its copy is missed: older ones may be released there, or archived here. */
export const copiedDays = (keep: Keep): number => Math.min(archiveAfterDays, ...expiryDays([keep]));

export type CopyStatus = { store: string; newest: string | undefined };

/**
 * What the status says of copies in other stores, from a source's good backups, oldest first. `whole`: those that stand in each of them. A copy that
 * failed is a reason as long as no newer one stands in that store.
 */
export function copyStatus<T extends Evidenced>(stores: readonly string[], good: readonly T[]) {
  const told: { copies: CopyStatus[]; reasons: string[]; notes: string[] } = { copies: [], reasons: [], notes: [] };
  for (const store of stores) {
    const newest = good.findLast((backup) => copyVerdict(backup, store) === "ok");
    told.copies.push({ store, newest: newest && backupId(newest) });
    for (const backup of good) {
      if (copyVerdict(backup, store) !== "failed") continue;
      const superseded = newest !== undefined && newest.at > backup.at;
      (superseded ? told.notes : told.reasons).push(`${backupId(backup)} has no good copy in ${store}`);
    }
  }
  return { ...told, whole: good.filter((backup) => stores.every((store) => copyVerdict(backup, store) === "ok")) };
}
