import { type Judged, judge, type RetainSource, type StandingBackup } from "./judge.ts";
import { lifecycleOf } from "./lifecycle.ts";
import type { Context } from "./ports/context.ts";
import { ObjectLocked } from "./ports/errors.ts";
import type { Stored, StoreList, StorePrune } from "./ports/store.ts";

/** `name`: of the store that gets copies and carries no marks. `primary`: where they come from. */
export type PruneCopiesPorts = { name: string; list: StoreList; prune: StorePrune; primary: StoreList };
export type CopiesPruned = {
  source: string;
  kept: number;
  /** Backups that are gone now. */
  removed: string[];
  /** Keys of what dead attempts, and runs before this one, had left. */
  garbage: string[];
  /** Keys that a lock still holds: a manifest with its whole backup, or what is left of one. They wait for another day. */
  locked: string[];
  stopped: string | undefined;
};

/**
 * Deletes in a store without marks what `retain` would have released there and its rules would have expired: a backup that no tier wants, once every
 * object of it is as old as its release, and garbage of garbage's age, both by the store's own dates. The manifest goes first: a run that is cut off
 * leaves garbage, never a backup without its artifacts, and the next run goes on with it. Nothing is deleted before everything was listed and
 * decided, here and in the first store. Evidence and keys stay.
 */
export async function pruneCopies(source: RetainSource, ports: PruneCopiesPorts, context: Context): Promise<CopiesPruned> {
  const now = context.now();
  const judged = await judge(source, { list: ports.list, copies: { store: ports.name, primary: ports.primary } }, now);
  const unsure = unknown(judged);
  const stopped = unsure ?? judged.stopped;
  const done: CopiesPruned = { source: source.name, kept: 0, removed: [], garbage: [], locked: [], stopped };
  for (const { slot, manifest, objects } of stopped === undefined ? dueBackups(judged, now) : []) {
    if (!(await deleted(manifest, ports.prune, context))) {
      done.locked.push(manifest.key);
      continue;
    }
    done.removed.push(slot);
    for (const object of objects) if (!(await deleted(object, ports.prune, context))) done.locked.push(object.key);
  }
  for (const object of unsure === undefined ? dueGarbage(judged, source, now) : [])
    ((await deleted(object, ports.prune, context)) ? done.garbage : done.locked).push(object.key);
  return { ...done, kept: judged.backups.size - done.removed.length };
}

/**
 * A first store that does not know the newest backup that stands here was not listed whole, or is not the one that this was copied from: what it
 * says of the others cannot be trusted with a deletion.
 */
function unknown({ backups, first }: Judged): string | undefined {
  const newest = [...backups.keys()].sort().at(-1);
  if (newest === undefined || first?.has(newest)) return undefined;
  return `${newest} stands here and not in the first store: nothing is deleted until a newer copy stands in both`;
}

function dueBackups({ decisions, backups }: Judged, now: Date): StandingBackup[] {
  return decisions.flatMap(({ slot, release }) => {
    const entry = backups.get(slot);
    if (release === undefined || !entry) return [];
    return [entry.manifest, ...entry.objects].every((object) => isOld(object, release, now)) ? [entry] : [];
  });
}

/** No older than a release of this source may be, so that what a run left of a backup is garbage of that age at once. */
const dueGarbage = ({ garbage }: Judged, { keep }: RetainSource, now: Date): Stored[] =>
  garbage.filter((object) => isOld(object, lifecycleOf([keep]).garbageDays, now));

const isOld = ({ at }: Stored, days: number, now: Date): boolean => now.getTime() - at.getTime() >= days * 86_400_000;

/** False where a lock holds it. */
async function deleted(object: Stored, prune: StorePrune, context: Context): Promise<boolean> {
  context.signal.throwIfAborted();
  try {
    await prune.delete(object);
    return true;
  } catch (error) {
    if (holds(error, context.now())) return false;
    throw error;
  }
}

/** A lock that has ended holds nothing: then something else refuses. */
const holds = (error: unknown, now: Date): boolean => error instanceof ObjectLocked && (error.until === undefined || error.until > now);
