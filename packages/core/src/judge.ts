import { catalogue, type Entry, isBackup, stateOf } from "./catalogue.ts";
import { copyVerdict } from "./copies.ts";
import type { Keep } from "./keep.ts";
import { garbageAfterHours } from "./margins.ts";
import type { Proof } from "./ports/kind.ts";
import type { Stored, StoreList } from "./ports/store.ts";
import { type Decisions, decideRetention, type Standing } from "./retention.ts";

export type StandingBackup = Entry & { manifest: Stored };
export type RetainSource = { name: string; keep: Keep; verified: readonly Proof[] };
/** `copies`: the store is one that gets copies, and this is where they come from. */
export type JudgePorts = { list: StoreList; copies?: CopiesPort };
export type CopiesPort = { store: string; primary: StoreList };
export type Judged = Decisions & {
  /** What stands in the store, by slot. */
  backups: ReadonlyMap<string, StandingBackup>;
  /** What attempts left in slots that never got a manifest, or have it no more. */
  garbage: Stored[];
  /** The slots that the first store knows, of a store that gets copies. */
  first: ReadonlySet<string> | undefined;
};

/** What retention says of the backups of one source in one store: from listings alone, each read to its end before anything is said. */
export async function judge(source: RetainSource, { list, copies }: JudgePorts, now: Date): Promise<Judged> {
  const entries = await catalogue(list, source.name);
  const backups = entries.filter(isBackup);
  const first = copies && new Map((await catalogue(copies.primary, source.name)).filter(isBackup).map((entry) => [entry.slot, entry]));
  const standings =
    copies && first ? copiedStandings(backups, source, copies.store, first) : backups.map((entry) => standing(entry, source));
  return {
    ...decideRetention(standings, source.keep, now),
    backups: new Map(backups.map((entry) => [entry.slot, entry])),
    garbage: garbageOf(entries, now),
    first: first && new Set(first.keys()),
  };
}

/**
 * A copy is in the state that evidence in the first store gives its backup, where that has it yet: what a person accepted, what was restored or broke
 * is known there first. One that evidence calls no good copy counts as failed. A doubt there that was not copied stops releases here too.
 */
function copiedStandings(
  backups: readonly StandingBackup[],
  source: RetainSource,
  store: string,
  first: ReadonlyMap<string, Entry>,
): Standing[] {
  const here = backups.map((entry): Standing => {
    const known = first.get(entry.slot) ?? entry;
    return { ...standing(known, source), ...(copyVerdict(known, store) === "failed" ? { state: "failed" } : {}) };
  });
  const slots = new Set(here.map(({ slot }) => slot));
  const elsewhere = [...first.values()].map((entry) => standing(entry, source));
  return [...here, ...elsewhere.filter(({ slot, state }) => state === "doubt" && !slots.has(slot))];
}

/** How retention sees what a listing tells. */
export const standing = (entry: Entry, { verified }: RetainSource): Standing => ({
  slot: entry.slot,
  at: entry.at,
  state: stateOf(entry, verified),
  restored: entry.evidence.restored?.[0]?.verdict === "ok",
});

/** A losing attempt beside a winner ages with the winner. */
function garbageOf(entries: readonly Entry[], now: Date): Stored[] {
  const old = now.getTime() - garbageAfterHours * 3_600_000;
  return entries
    .filter((entry) => !entry.manifest && entry.objects.every((object) => object.at.getTime() < old))
    .flatMap((entry) => entry.objects);
}
