import type { State } from "./catalogue.ts";
import { type Keep, type Tier, tierDays, tiers } from "./keep.ts";

/** One backup as retention sees it: from listings alone. */
export type Standing = { slot: string; at: Date; state: State; restored: boolean };
/**
 * What becomes of one backup. `because` says why it is kept; empty when it is released. `tier`: the longest it stands for.
 * `release`: the age in days from which lifecycle may expire it. `near`: one of those that a restore or a comparison would take first, so
 * it stays where it can be read at once.
 */
export type Decision = { slot: string; tier: Tier | undefined; because: string[]; release: number | undefined; near: boolean };
export type Decisions = { decisions: Decision[] /** Why nothing of this source is released now. */; stopped: string | undefined };

const day = 86_400_000;

/**
 * Which backups the tiers want and which may go. Pure: the same listing and moment give the same answer.
 *
 * Never released: the newest verified ones (`keep.minimum`), the newest restored one, anything that is not verified and newer than the
 * newest verified. While a doubt is newer than the newest verified, nothing of the source is released: an emptied database
 * must not age out the good ones.
 */
export function decideRetention(standings: readonly Standing[], keep: Keep, now: Date): Decisions {
  const ordered = [...standings].sort((a, b) => a.at.getTime() - b.at.getTime());
  const verified = ordered.filter((s) => s.state === "verified");
  const newest = verified.at(-1);
  const protectedSlots = new Map<string, string>(
    verified.slice(-keep.minimum).map((s) => [s.slot, `one of the ${keep.minimum} newest verified`]),
  );
  const restored = verified.filter((s) => s.restored).at(-1);
  if (restored) protectedSlots.set(restored.slot, "the newest that was restored");
  const doubt = newestDoubt(ordered);
  const stopped = doubt && `${doubt.slot} is in doubt: nothing is released until a later backup is verified or a person accepts it`;
  const firsts = firstOfPeriods(verified, keep);
  const decisions = ordered.map((s) => {
    const of = firsts.get(s.slot) ?? [];
    const because: string[] = of.filter((tier) => age(s, now) < tierDays(keep, tier)).map((tier) => `first of its ${periodName[tier]}`);
    const saved = protectedSlots.get(s.slot);
    if (saved) because.push(saved);
    if (s.state !== "verified" && s.state !== "pruned" && (!newest || s.at > newest.at)) because.push("newer than the newest verified");
    if (stopped && because.length === 0) because.push("releases are stopped by a doubt");
    const tier = of.toSorted((a, b) => tierDays(keep, b) - tierDays(keep, a))[0];
    return {
      slot: s.slot,
      tier,
      because,
      release: because.length > 0 ? undefined : tierDays(keep, tier ?? "daily"),
      near: saved !== undefined,
    };
  });
  return { decisions, stopped };
}

/** The newest doubt that no verified backup is newer than: while there is one, nothing of the source is let go. */
export function newestDoubt(standings: readonly Standing[]): Standing | undefined {
  const newest = Math.max(...standings.filter((s) => s.state === "verified").map((s) => s.at.getTime()));
  const doubts = standings.filter((s) => s.state === "doubt" && s.at.getTime() > newest);
  return doubts.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
}

const age = (s: Standing, now: Date) => (now.getTime() - s.at.getTime()) / day;

/** The tiers for which each verified backup is the first of its period. */
function firstOfPeriods(verified: readonly Standing[], keep: Keep): Map<string, Tier[]> {
  const found = new Map<string, Tier[]>();
  for (const tier of tiers) {
    if (keep[tier] === 0) continue;
    const seen = new Set<string>();
    for (const s of verified) {
      const period = periodOf[tier](s.at);
      if (!seen.has(period)) found.set(s.slot, [...(found.get(s.slot) ?? []), tier]);
      seen.add(period);
    }
  }
  return found;
}

const periodName: Record<Tier, string> = { daily: "day", weekly: "week", monthly: "month", yearly: "year" };
/** Periods in UTC; weeks are ISO 8601's, named by their Monday. */
const periodOf: Record<Tier, (at: Date) => string> = {
  daily: (at) => at.toISOString().slice(0, 10),
  weekly: (at) => new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * day).toISOString().slice(0, 10),
  monthly: (at) => at.toISOString().slice(0, 7),
  yearly: (at) => at.toISOString().slice(0, 4),
};
