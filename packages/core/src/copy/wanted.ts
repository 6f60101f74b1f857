import type { Entry } from "../catalogue.ts";
import { type RetainSource, standing } from "../judge.ts";
import { decideRetention } from "../retention.ts";

/**
 * The slots that the tiers want, of all that stand in either store. What they let go may be half gone any moment: a lifecycle expires objects, not
 * backups. A doubt that stops releases now brings nothing back that was on its way out before, so here it stops none.
 */
export function wantedSlots(entries: readonly Entry[], source: RetainSource, now: Date): ReadonlySet<string> {
  const standings = entries.map((entry) => {
    const found = standing(entry, source);
    return found.state === "doubt" ? { ...found, state: "unverified" as const } : found;
  });
  const { decisions } = decideRetention(standings, source.keep, now);
  return new Set(decisions.filter(({ release }) => release === undefined).map(({ slot }) => slot));
}
