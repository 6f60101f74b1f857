import type { Entry } from "./catalogue.ts";
import { backupId } from "./layout.ts";

/**
 * How the copy of a backup at one destination stands, by evidence: its run is the destination. Whoever finds a copy gone that was whole says failed
 * beside the ok that stands, and that stays: there is none, whoever comes later.
 */
export function replicaOf({ evidence }: Pick<Entry, "evidence">, to: string): { verdict: "ok" | "failed"; at: Date } | undefined {
  const about = (evidence.replicated ?? []).filter(({ run }) => run === to);
  const found = about.find(({ verdict }) => verdict !== "ok") ?? about[0];
  return found && { verdict: found.verdict === "ok" ? "ok" : "failed", at: found.at };
}

/**
 * What the status says of copies by the source's own service, from its backups, oldest first. What ought to stand elsewhere and does not is a breach
 * once it is older than the alarm; until then it is on its way.
 */
export function replicaStatus(
  { replicas = [], alarmHours }: { replicas?: readonly string[] | undefined; alarmHours: number },
  verified: readonly Entry[],
  now: Date,
): { reasons: string[]; notes: string[] } {
  const told: { reasons: string[]; notes: string[] } = { reasons: [], notes: [] };
  for (const to of replicas) {
    const newest = verified.findLast((entry) => replicaOf(entry, to)?.verdict === "ok");
    const since = newest ?? verified[0];
    const late = since !== undefined && now.getTime() - since.at.getTime() > alarmHours * 3_600_000;
    const what = newest ? `the newest copy in ${to} is of ${backupId(newest)}` : `there is no copy in ${to} yet`;
    if (late) told.reasons.push(`${what}, and the plan allows ${alarmHours} hours`);
    else told.notes.push(what);
  }
  return told;
}
