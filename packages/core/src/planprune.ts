import { garbageAfterHours, prunedUnasked } from "./margins.ts";
import type { Held } from "./ports/prune.ts";
import { newestDoubt, type Standing } from "./retention.ts";

/** A backup as retention sees it. `elsewhere`: its state where nobody deleted it, as its copies see it. */
export type PruneStanding = Standing & { elsewhere: Standing["state"] };
export type PruneQuestion = {
  /** Of every backup that has a manifest. */
  standings: readonly PruneStanding[];
  held: readonly Held[];
  /** How many of the newest verified ones stay at each place. */
  keep: number;
  now: Date;
};
export type Pruning = Held & { because: string };
/** Both oldest first. `tooMany`: why nobody should carry it out without a person who looked at it. */
export type PrunePlan = { remove: Pruning[]; keep: Pruning[]; stopped: string | undefined; tooMany: string | undefined };

/** What is known of one place: the slots there that are verified, newest first, what stands there by slot, and what stays for having been restored. */
type Place = {
  verified: string[];
  whole: ReadonlySet<string>;
  begun: ReadonlySet<string>;
  /** Slots of which a copy is under way at another place. */
  copied: ReadonlySet<string>;
  restored: string | undefined;
};
type Verdict = { goes: boolean; because: string };
const stays = (because: string): Verdict => ({ goes: false, because });
const goes = (because: string): Verdict => ({ goes: true, because });

/**
 * What of a source's own service retention no longer wants. Pure: the same question has the same answer, and asked again after it was carried out,
 * nothing is left to do. Each place is judged by what stands there, so a place that lags behind loses nothing for what another one has.
 *
 * At each place the `keep` newest verified stay, and the newest restored one; a backup goes, whatever became of it, once so many verified ones
 * stand there that are newer. What is under way stays, with what it is made from, and what no manifest names yet. What failed, and what was only
 * the way to another one, goes when nobody can be at work on it any more. Nothing goes at all while nothing is verified, or a doubt is newer than
 * all that is: a snapshot that is deleted cannot be brought back.
 */
export function planPrune({ standings, held, keep, now }: PruneQuestion): PrunePlan {
  const stopped = stoppedBy(standings);
  const bySlot = new Map(standings.map((standing) => [standing.slot, standing]));
  const places = new Map<string, Place>();
  const plan: PrunePlan = { remove: [], keep: [], stopped, tooMany: undefined };
  for (const one of held.toSorted(byAge)) {
    const place = places.get(one.place) ?? placeOf(one.place, held, bySlot);
    places.set(one.place, place);
    const wanted = judge(one, bySlot.get(one.slot), place, keep, now);
    const { goes, because } = wanted.goes && stopped !== undefined ? stays("nothing of this source goes now") : wanted;
    plan[goes ? "remove" : "keep"].push({ ...one, because });
  }
  return { ...plan, tooMany: tooMany(plan) };
}

function stoppedBy(standings: readonly PruneStanding[]): string | undefined {
  if (!standings.some(({ state }) => state === "verified")) return "no backup is verified: nothing goes until one is";
  const doubt = newestDoubt(standings);
  return doubt && `${doubt.slot} is in doubt: nothing goes until a later backup is verified or a person accepts it`;
}

function placeOf(name: string, held: readonly Held[], bySlot: ReadonlyMap<string, PruneStanding>): Place {
  const here = held.filter(({ place }) => place === name);
  const slots = (state: Held["state"]) => new Set(here.filter((one) => one.state === state).map(({ slot }) => slot));
  const whole = slots("whole");
  const copied = new Set(held.filter(({ place, state }) => place !== name && state === "begun").map(({ slot }) => slot));
  const verified = [...whole].filter((slot) => stateAt(name, bySlot.get(slot)) === "verified").sort(newestFirst);
  return { verified, whole, begun: slots("begun"), copied, restored: verified.find((slot) => bySlot.get(slot)?.restored) };
}

/** That retention deleted it at the source says nothing about a copy. */
const stateAt = (place: string, standing: PruneStanding | undefined) => (place === "" ? standing?.state : standing?.elsewhere);

function judge(one: Held, standing: PruneStanding | undefined, place: Place, keep: number, now: Date): Verdict {
  if (one.state === "begun") return stays("it is under way");
  if (one.state === "passing") return judgePassing(one, place, keep, now);
  // What a manifest names was whole once; of a copy elsewhere nobody ever said so.
  if (standing && (one.state === "whole" || one.place === "")) return judgeBackup(one, standing, place, keep);
  if (one.state === "whole") return stays("no manifest names it yet");
  return isOld(one, now) ? goes(`it failed, more than ${garbageAfterHours} hours ago`) : stays("it failed a short while ago");
}

/** Slots sort as time does. */
function judgeBackup(one: Held, standing: PruneStanding, place: Place, keep: number): Verdict {
  const { slot } = one;
  const state = stateAt(one.place, standing) ?? "unverified";
  const newer = newerThan(slot, place);
  // The service breaks a copy off when what it is made from goes.
  if (newer >= keep && place.copied.has(slot)) return stays("a copy of it is under way");
  if (newer >= keep && slot !== place.restored)
    return goes(`${state === "pruned" ? "it is recorded as deleted, and " : ""}${newer} verified ones that stand there are newer`);
  if (slot === place.restored && newer >= keep) return stays("the newest that was restored");
  if (state === "verified" && one.state === "whole") return stays(`one of the ${keep} newest verified`);
  return stays(newer === 0 ? "newer than the newest verified there" : `fewer than ${keep} verified ones there are newer`);
}

function judgePassing(one: Held, place: Place, keep: number, now: Date): Verdict {
  if (!isOld(one, now)) return stays("the way to another one of its slot, which may be under way");
  if (place.whole.has(one.slot)) return goes("it was the way to another one of its slot, which is whole");
  if (place.begun.has(one.slot)) return stays("the way to another one of its slot, which is under way");
  if (newerThan(one.slot, place) >= keep) return goes("its slot never got what it was the way to, and is not wanted any more");
  return stays("the way to another one of its slot, which does not stand yet");
}

const newerThan = (slot: string, { verified }: Place) => verified.filter((other) => other > slot).length;
const isOld = ({ at }: Held, now: Date) => now.getTime() - at.getTime() > garbageAfterHours * 3_600_000;
const newestFirst = (a: string, b: string) => (a > b ? -1 : 1);
const byAge = (a: Held, b: Held) => compare(a.slot, b.slot) || compare(a.place, b.place) || compare(a.id, b.id);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * More at once than outages and a lively schedule leave behind is what a slip in the plan looks like (30 became 3), and no version of what
 * went can be had back.
 */
function tooMany({ remove, keep }: Pick<PrunePlan, "remove" | "keep">): string | undefined {
  for (const place of new Set(remove.map((one) => one.place))) {
    const wholeOf = (list: readonly Pruning[]) => list.filter((one) => one.place === place && one.state === "whole").length;
    const [going, staying] = [wholeOf(remove), wholeOf(keep)];
    // At least as many stay as are kept.
    if (going > prunedUnasked && going > staying)
      return `${going} of ${going + staying} would go${place === "" ? "" : ` at ${place}`}, which is more than half`;
  }
  return undefined;
}

/** As lines for people. */
export function printPrune({ remove, keep, stopped, tooMany }: PrunePlan): string[] {
  const line = ({ id, place, because }: Pruning) => `  ${id}${place === "" ? "" : ` at ${place}`}: ${because}`;
  return [
    ...(stopped === undefined ? [] : [stopped]),
    ...(tooMany === undefined ? [] : [`a person has to confirm it: ${tooMany}`]),
    remove.length === 0 ? "nothing goes" : `${remove.length} ${remove.length === 1 ? "goes" : "go"}:`,
    ...remove.map(line),
    keep.length === 0 ? "nothing stands that stays" : `${keep.length} ${keep.length === 1 ? "stays" : "stay"}:`,
    ...keep.map(line),
  ];
}
