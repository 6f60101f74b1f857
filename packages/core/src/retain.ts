import { type CopiesPort, judge, type RetainSource, type StandingBackup } from "./judge.ts";
import { type Keep, tierDays } from "./keep.ts";
import { isArtifactKey } from "./layout.ts";
import { archiveFromDays } from "./margins.ts";
import type { Context } from "./ports/context.ts";
import { LockShortened, ObjectMissing } from "./ports/errors.ts";
import type { Mark, Stored, StoreList, StoreMark } from "./ports/store.ts";
import type { Decision } from "./retention.ts";

export type RetainPorts = { list: StoreList; mark: StoreMark; copies?: CopiesPort };
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
  const { decisions, stopped, backups, garbage } = await judge(source, ports, context.now());
  const done: Retained = { source: source.name, kept: 0, released: [], garbage: [], lengthened: [], stopped };
  for (const decision of decisions.toSorted((a, b) => Number(a.release !== undefined) - Number(b.release !== undefined))) {
    context.signal.throwIfAborted();
    const entry = backups.get(decision.slot);
    if (!entry) continue;
    await settle(entry, decision, source.keep, ports.mark, done);
    if (decision.release === undefined) done.kept += 1;
    else done.released.push(decision.slot);
  }
  for (const object of garbage) {
    context.signal.throwIfAborted();
    if (!sameMark(await markOn(object, ports.mark), { garbage: true })) await ports.mark.mark(object, { garbage: true });
    done.garbage.push(object.key);
  }
  return done;
}

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
async function settle(entry: StandingBackup, decision: Decision, keep: Keep, store: StoreMark, done: Retained): Promise<void> {
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
