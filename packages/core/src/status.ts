import { catalogue, type Entry, isBackup, type State, stateOf } from "./catalogue.ts";
import { type CopyStatus, copyStatus, copyVerdict } from "./copies.ts";
import { backupId } from "./layout.ts";
import { replayCopyAfterMinutes, replaySlotAfterMinutes, replayVerifyAfterMinutes, watchEveryMinutes } from "./margins.ts";
import { type Proof, recordedProof } from "./ports/kind.ts";
import type { StoreList } from "./ports/store.ts";
import { replicaStatus } from "./replicas.ts";
import { parseSchedule } from "./schedule.ts";

export type WatchedSource = {
  name: string;
  kind: string;
  schedule: string;
  alarmHours: number;
  verified: readonly Proof[];
  /** Captures may answer `pending`: what they began is looked for at each look. */
  finishes?: boolean;
  /** Backups that have nothing to read are looked at again after this many hours. */
  recheckHours?: number;
  /** Why none of its backups can be proven restored, as its kind says. */
  undrilled?: string | undefined;
  /** Where it is restored on schedule: after this many hours without one that went well, something is wrong. */
  drillHours?: number;
  /** What its kind says of every backup, good as it may be. */
  cautions?: readonly string[] | undefined;
  /** Where its backups are to stand too, copied by its own service. */
  replicas?: readonly string[] | undefined;
  /** Stores of the plan that get a copy. */
  copies?: readonly string[];
  /** See {@link copiedDays}. */
  copiedDays?: number;
};
export type SourceStatus = {
  source: string;
  kind: string;
  /**
   * `ok` only when the newest backup that is verified, and copied to every store that the source names, is young enough and nothing newer is broken,
   * in doubt or without a good copy. Missing data is a breach.
   */
  verdict: "ok" | "breach";
  reasons: string[];
  newest: string | undefined;
  newestVerified: string | undefined;
  /** By store that the source names. */
  copies: CopyStatus[];
  /** The newest that was loaded in a real server and compared equal. */
  newestRestored: string | undefined;
  /** What is worth knowing and breaches nothing. */
  notes: string[];
  /** Age of the newest backup that is verified and copied to every store that the source names, counted from its slot. */
  ageSeconds: number | undefined;
  backups: number;
  bytes: number;
  next: string;
};
/** What `watch` does about what it sees. */
export type Replay =
  /** `run`: set where evidence stands already and is to be renewed. */
  | { verb: "verify"; source: string; slot: string; key: string; version: string; run?: string }
  /** `key`: its evidence that it was read. */
  | { verb: "copy"; source: string; slot: string; store: string; key: string }
  | { verb: "finish"; source: string }
  | { verb: "backup"; source: string; at: Date };

/** Looks at one source from listings alone. Pure but for the listing. */
export async function look(
  source: WatchedSource,
  list: StoreList,
  now: Date,
): Promise<{ status: SourceStatus; replays: Replay[]; entries: Entry[] }> {
  const entries = await catalogue(list, source.name);
  return { status: statusOf(source, entries, now), replays: replaysOf(source, entries, now), entries };
}

export function statusOf(source: WatchedSource, entries: readonly Entry[], now: Date): SourceStatus {
  const backups = entries.filter((entry) => isBackup(entry) && stateOf(entry, source.verified) !== "pruned");
  const newest = backups.at(-1);
  const good = backups.filter((entry) => stateOf(entry, source.verified) === "verified");
  const verified = good.at(-1);
  const { copies, whole, ...copied } = copyStatus(source.copies ?? [], good);
  const restored = backups.findLast((entry) => stateOf(entry, ["restored"]) === "verified");
  const age = ageOf(whole.at(-1), now);
  const reasons = [...tooOld(source, { newest, verified, whole: whole.at(-1), copies }, now), ...copied.reasons];
  for (const entry of backups) {
    const state = stateOf(entry, source.verified);
    if ((state === "failed" || state === "doubt") && (!verified || entry.at > verified.at))
      reasons.push(`${backupId(entry)} is ${state === "doubt" ? "in doubt" : "broken"}`);
  }
  const late = undrilledFor(backups, now);
  if (source.drillHours !== undefined && late !== undefined && late > source.drillHours * 3600)
    reasons.push(`nothing was proven restored for ${hours(late)}, and the plan drills it`);
  for (const entry of entries)
    if (entry.evidence.lost && !isBackup(entry) && (!verified || entry.at > verified.at)) reasons.push(`${backupId(entry)} is lost`);
  const replicas = replicaStatus(source, good, now);
  reasons.push(...replicas.reasons);
  return {
    source: source.name,
    kind: source.kind,
    verdict: reasons.length > 0 ? "breach" : "ok",
    reasons,
    newest: newest && backupId(newest),
    newestVerified: verified && backupId(verified),
    newestRestored: restored && backupId(restored),
    copies,
    notes: [...(source.undrilled === undefined ? [] : [source.undrilled]), ...(source.cautions ?? []), ...replicas.notes, ...copied.notes],
    ageSeconds: age,
    backups: backups.length,
    bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    next: parseSchedule(source.schedule).next(now).toISOString(),
  };
}

const ageOf = (entry: Entry | undefined, now: Date) => entry && (now.getTime() - entry.at.getTime()) / 1000;

/** Why no backup that counts is young enough. */
function tooOld(
  { alarmHours, copies: stores = [] }: WatchedSource,
  { newest, verified, whole, copies }: Record<"newest" | "verified" | "whole", Entry | undefined> & { copies: readonly CopyStatus[] },
  now: Date,
): string[] {
  if (!verified) return [newest ? "no backup is verified" : "there is no backup"];
  const none = copies.filter((copy) => copy.newest === undefined).map(({ store }) => store);
  if (!whole) return [`no backup is copied to ${none.length > 0 ? none.join(", ") : `all of ${stores.join(", ")}`}`];
  const age = ageOf(whole, now) ?? 0;
  if (age <= alarmHours * 3600) return [];
  const what = whole === verified ? "verified backup" : `backup that is verified and copied to ${stores.join(", ")}`;
  return [`the newest ${what} is ${hours(age)} old, over the ${hours(alarmHours * 3600)} that the plan allows`];
}

/** Seconds since a backup was last proven restored; where none ever was, since the first one. */
function undrilledFor(backups: readonly Entry[], now: Date): number | undefined {
  const proven = backups.flatMap(({ evidence }) => (evidence.restored ?? []).filter(({ verdict }) => verdict === "ok"));
  const last = proven.reduce((newest, { at }) => Math.max(newest, at.getTime()), 0) || backups[0]?.at.getTime();
  return last && (now.getTime() - last) / 1000;
}

/** One a day, each under a run of its own, so that looking more often asks for no more. */
function rechecks({ name, verified, recheckHours }: WatchedSource, entries: readonly Entry[], now: Date): Replay[] {
  if (recheckHours === undefined) return [];
  const proof = recordedProof({ verified });
  const standing = entries.filter(isBackup).filter((entry) => stateOf(entry, verified) !== "pruned");
  return standing.flatMap(({ slot, manifest, evidence }): Replay[] => {
    const newest = evidence[proof]?.[0];
    if (!newest || now.getTime() - newest.at.getTime() < recheckHours * 60 * minute) return [];
    const run = now.toISOString().slice(0, 10).replaceAll("-", "");
    return [{ verb: "verify", source: name, slot, key: manifest.key, version: manifest.version, run }];
  });
}

/** What was read and of whose copies nothing was said. What failed for good is not asked for again. */
function uncopied(
  { name, verified, copies = [], copiedDays = 0 }: WatchedSource,
  entries: readonly Entry[],
  now: Date,
  patience: number,
): Replay[] {
  const since = now.getTime() - copiedDays * 24 * 60 * minute;
  const due = entries.filter(isBackup).filter((entry) => entry.at.getTime() >= since && readStates.includes(stateOf(entry, verified)));
  return due.flatMap((entry): Replay[] => {
    const read = entry.evidence.readable?.[0];
    if (!read || !asksNow(now.getTime() - read.at.getTime(), patience)) return [];
    const missing = copies.filter((store) => copyVerdict(entry, store) === undefined);
    return missing.map((store) => ({ verb: "copy", source: name, slot: entry.slot, store, key: read.key }));
  });
}
/** A backup in doubt is copied too: it is whole, and maybe the last of its source. */
const readStates: readonly State[] = ["verified", "doubt"];

const hours = (seconds: number) => (seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${(seconds / 3600).toFixed(1)} hours`);

const minute = 60_000;

/**
 * Whether this is the look that asks (again): the first after `patience`, then each time the wait has doubled. What cannot succeed is not
 * asked for every quarter of an hour, for a dump costs its database something; what is on its way is not asked for twice.
 */
function asksNow(waited: number, patience: number): boolean {
  if (waited < patience) return false;
  const since = waited - patience * 2 ** Math.floor(Math.log2(waited / patience));
  return since <= (watchEveryMinutes + 1) * minute;
}

/**
 * Events are hints, so what they lost is asked for again: a manifest without evidence, and the latest slot when it is missing. A source
 * that never had a backup waits for its schedule: nobody wants a dump of production at the moment of deployment.
 */
export function replaysOf(source: WatchedSource, entries: readonly Entry[], now: Date): Replay[] {
  const replays: Replay[] = [];
  const schedule = parseSchedule(source.schedule);
  const interval = schedule.interval(now);
  // Where the schedule is quicker than the margin, waiting longer than one interval would only pile up more of the same.
  const patienceFor = (minutes: number) => Math.min(minutes * minute, interval);
  for (const entry of entries.filter(isBackup)) {
    const waited = now.getTime() - entry.manifest.at.getTime();
    if (stateOf(entry, source.verified) === "unverified" && asksNow(waited, patienceFor(replayVerifyAfterMinutes)))
      replays.push({ verb: "verify", source: source.name, slot: entry.slot, key: entry.manifest.key, version: entry.manifest.version });
  }
  replays.push(...uncopied(source, entries, now, patienceFor(replayCopyAfterMinutes)), ...rechecks(source, entries, now));
  if (source.finishes) replays.push({ verb: "finish", source: source.name });
  const patience = patienceFor(replaySlotAfterMinutes);
  const due = schedule.latest(new Date(now.getTime() - patience));
  const first = entries.find(isBackup);
  const missed = first && first.at < due && !entries.some((entry) => isBackup(entry) && entry.at >= due);
  if (missed && asksNow(now.getTime() - due.getTime(), patience)) replays.push({ verb: "backup", source: source.name, at: due });
  return replays;
}
