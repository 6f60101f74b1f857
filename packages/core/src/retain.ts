import { catalogue, type Entry, isBackup, stateOf } from "./catalogue.ts";
import { copyVerdict } from "./copies.ts";
import { type Keep, tierDays } from "./keep.ts";
import { isArtifactKey } from "./layout.ts";
import { archiveFromDays, garbageAfterHours } from "./margins.ts";
import type { Context } from "./ports/context.ts";
import { LockShortened, ObjectMissing } from "./ports/errors.ts";
import type { Proof } from "./ports/kind.ts";
import type { Mark, Stored, StoreList, StoreMark } from "./ports/store.ts";
import { type Decision, decideRetention, type Standing } from "./retention.ts";

type Backup = Entry & { manifest: Stored };
export type RetainSource = { name: string; keep: Keep; verified: readonly Proof[] };
/** `copies`: the store is one that gets copies, and this is where they come from. */
export type RetainPorts = { list: StoreList; mark: StoreMark; copies?: { store: string; primary: StoreList } };
export type Retained = {
  source: string;
  kept: number;
  released: string[];
  garbage: string[];
  /** Backups whose locks last as long as their tier. */
  lengthened: string[];
  stopped: string | undefined;
};

/**
 * Writes what {@link decideRetention} decides as marks and locks. It deletes nothing; running it twice changes nothing. Marks that keep are
 * written before marks that release, so that a run which is cut off errs on the side of keeping. Of copies it decides about those that stand in
 * their own store.
 */
export async function retain(source: RetainSource, ports: RetainPorts, context: Context): Promise<Retained> {
  const now = context.now();
  const entries = await catalogue(ports.list, source.name);
  const backups = entries.filter(isBackup);
  const { decisions, stopped } = decideRetention(await standingsOf(backups, source, ports), source.keep, now);
  const bySlot = new Map(backups.map((entry) => [entry.slot, entry]));
  const done: Retained = { source: source.name, kept: 0, released: [], garbage: [], lengthened: [], stopped };
  for (const decision of decisions.toSorted((a, b) => Number(a.release !== undefined) - Number(b.release !== undefined))) {
    context.signal.throwIfAborted();
    const entry = bySlot.get(decision.slot);
    if (!entry) continue;
    await settle(entry, decision, source.keep, ports.mark, done);
    if (decision.release === undefined) done.kept += 1;
    else done.released.push(decision.slot);
  }
  for (const object of garbageOf(entries, now)) {
    context.signal.throwIfAborted();
    if (!sameMark(await markOn(object, ports.mark), { garbage: true })) await ports.mark.mark(object, { garbage: true });
    done.garbage.push(object.key);
  }
  return done;
}

/**
 * A copy is in the state that evidence in the first store gives its backup, where that has it yet: what a person accepted, what was restored or broke
 * is known there first. One that evidence calls no good copy counts as failed. A doubt there that was not copied stops releases here too.
 */
async function standingsOf(backups: readonly Backup[], source: RetainSource, { copies }: RetainPorts): Promise<Standing[]> {
  if (!copies) return backups.map((entry) => standing(entry, source));
  const first = new Map((await catalogue(copies.primary, source.name)).filter(isBackup).map((entry) => [entry.slot, entry]));
  const here = backups.map((entry): Standing => {
    const known = first.get(entry.slot) ?? entry;
    return { ...standing(known, source), ...(copyVerdict(known, copies.store) === "failed" ? { state: "failed" } : {}) };
  });
  const slots = new Set(here.map(({ slot }) => slot));
  const elsewhere = [...first.values()].map((entry) => standing(entry, source));
  return [...here, ...elsewhere.filter(({ slot, state }) => state === "doubt" && !slots.has(slot))];
}

const standing = (entry: Entry, { verified }: RetainSource): Standing => ({
  slot: entry.slot,
  at: entry.at,
  state: stateOf(entry, verified),
  restored: entry.evidence.restored?.[0]?.verdict === "ok",
});

/** Days of the tier that a backup stands for, where that is long enough to pay for a longer lock and an archive class. */
const longDays = ({ tier }: Decision, keep: Keep): number | undefined =>
  tier !== undefined && tierDays(keep, tier) >= archiveFromDays ? tierDays(keep, tier) : undefined;

/** Only artifacts may move to an archive class: manifest and signature are read to list, to choose and to plan a restore. */
function markFor(object: Stored, { tier, release, near }: Decision, long: boolean): Mark {
  return {
    ...(long && tier && !near && isArtifactKey(object.key) ? { tier } : {}),
    ...(release === undefined ? {} : { release: `${release}d` as const }),
  };
}

/**
 * Every object is looked at, since a run before this one may have been cut off between any two of them. The manifest is marked last. Locks
 * come first and are asked for each time: a store leaves one alone that is long enough, and a plan that keeps longer lengthens old ones too.
 */
async function settle(entry: Backup, decision: Decision, keep: Keep, store: StoreMark, done: Retained): Promise<void> {
  const long = longDays(decision, keep);
  const objects = [...entry.objects, entry.manifest];
  if (long !== undefined && decision.release === undefined) {
    await Promise.all(objects.map((object) => lengthen(object, long, store)));
    done.lengthened.push(entry.slot);
  }
  const marks = await Promise.all(objects.map((object) => markOn(object, store)));
  for (const [i, object] of objects.entries()) {
    const wanted = markFor(object, decision, long !== undefined);
    if (!sameMark(marks[i], wanted)) await store.mark(object, wanted);
  }
}

const sameMark = (found: Mark | undefined | "gone", wanted: Mark) =>
  found === "gone" || (found?.release === wanted.release && found?.tier === wanted.tier && found?.garbage === wanted.garbage);

/** Lifecycle may have taken what the listing still showed. */
async function markOn(object: Stored, store: StoreMark): Promise<Mark | undefined | "gone"> {
  try {
    return await store.marked(object);
  } catch (error) {
    if (error instanceof ObjectMissing) return "gone";
    throw error;
  }
}

/** A lock that is longer already stays: the plan may have kept more before. */
async function lengthen(object: Stored, days: number, store: StoreMark): Promise<void> {
  try {
    await store.lockUntil?.(object, new Date(object.at.getTime() + days * 86_400_000));
  } catch (error) {
    if (!(error instanceof LockShortened || error instanceof ObjectMissing)) throw error;
  }
}

/** What attempts left in slots that never got a manifest. A losing attempt beside a winner ages with the winner. */
function garbageOf(entries: readonly Entry[], now: Date): Stored[] {
  const old = now.getTime() - garbageAfterHours * 3_600_000;
  return entries
    .filter((entry) => !entry.manifest && entry.objects.every((object) => object.at.getTime() < old))
    .flatMap((entry) => entry.objects);
}
