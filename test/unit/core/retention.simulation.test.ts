import {
  archiveFromDays,
  decideRetention,
  expiryDays,
  type Keep,
  keep as keepSchema,
  type Standing,
  slotId,
  tierDays,
} from "@holdfast/core";
import { describe, expect, test, vi } from "vitest";
import { type LifecycleObject, type LifecycleRule, lifecycle } from "../../kit/lifecycle.ts";

vi.setConfig({ testTimeout: 60_000 }); // years of days, on a machine that may be busy
const hour = 3_600_000;
const day = 24 * hour;
const usual = keepSchema.parse({});
const start = Date.UTC(2027, 0, 1);
const on = (n: number, hours = 0) => new Date(start + n * day + hours * hour);

type Kept = Standing & LifecycleObject & { tags: Record<string, string> };
type World = {
  keep: Keep;
  /** Hours of the day at which backups are made. */
  hours?: number[];
  /** How the backup of a moment turned out; undefined: none was made. */
  outcome?: (n: number, hour: number) => Standing["state"] | undefined;
  /** Hours until its verdict is known. */
  verifiedAfter?: (n: number, hour: number) => number;
  restored?: (n: number) => boolean;
  /** Whether the marker runs on that day. */
  retains?: (n: number) => boolean;
};

/** The rules that infrastructure makes of a keep: one an age, which its own tests hold to this shape. */
const rulesOf = (keep: Keep): LifecycleRule[] => [
  ...expiryDays([keep]).map((days) => ({
    id: `release-${days}d`,
    status: "Enabled",
    filter: { tag: { key: "release", value: `${days}d` } },
    expiration: { days },
  })),
  {
    id: "archive",
    status: "Enabled",
    filter: { tag: { key: "tier", value: "monthly" } },
    transitions: [{ days: 30, storageClass: "GLACIER" }],
  },
];

/** Lives through days hour by hour: backups, verdicts, marks after each verdict, and S3's lifecycle at midnight. Yields whenever something happened. */
function* live(world: World, days: number): Generator<{ n: number; now: Date; standing: readonly Kept[] }> {
  const { keep, hours = [2], outcome = () => "verified", verifiedAfter = () => 1, restored = () => false, retains = () => true } = world;
  const rules = rulesOf(keep);
  let standing: Kept[] = [];
  const verdicts = new Map<number, { of: Kept; state: Standing["state"] }[]>();
  for (let n = 0; n < days; n++)
    for (let h = 0; h < 24; h++) {
      const now = on(n, h);
      if (h === 0) standing = afterMidnight(rules, standing, now);
      const made = hours.includes(h) ? outcome(n, h) : undefined;
      if (made !== undefined) {
        const of: Kept = {
          slot: slotId(now),
          at: now,
          state: "unverified",
          restored: false,
          key: slotId(now),
          createdAt: now,
          tags: {},
          lockedUntil: new Date(now.getTime() + 30 * day),
        };
        standing.push(of);
        const known = now.getTime() + verifiedAfter(n, h) * hour;
        verdicts.set(known, [...(verdicts.get(known) ?? []), { of, state: made }]);
      }
      const due = verdicts.get(now.getTime()) ?? [];
      for (const { of, state } of due) Object.assign(of, { state, restored: restored(n) });
      if ((due.length > 0 || h === 12) && retains(n)) mark(standing, keep, now);
      if (h === 0 || h === 12 || made !== undefined || due.length > 0) yield { n, now, standing };
    }
}

function mark(standing: readonly Kept[], keep: Keep, now: Date): void {
  const bySlot = new Map(standing.map((of) => [of.slot, of]));
  for (const { slot, tier, release, near } of decideRetention(standing, keep, now).decisions) {
    const of = bySlot.get(slot);
    if (!of) throw new Error(`no ${slot}`);
    const long = tier !== undefined && tierDays(keep, tier) >= archiveFromDays;
    if (long && release === undefined) of.lockedUntil = new Date(of.createdAt.getTime() + tierDays(keep, tier) * day);
    of.tags = { ...(long && !near ? { tier } : {}), ...(release === undefined ? {} : { release: `${release}d` }) };
  }
}

function afterMidnight(rules: readonly LifecycleRule[], standing: readonly Kept[], now: Date): Kept[] {
  const actions = new Map(lifecycle(rules, standing, now).map((action) => [action.object, action]));
  for (const [of, action] of actions) if (action.do === "archive") of.storageClass = action.to;
  return standing.filter((of) => actions.get(of)?.do !== "hide");
}

const verified = (standing: readonly Kept[]) => standing.filter((of) => of.state === "verified");
const distinct = (standing: readonly Kept[], digits: number) => new Set(verified(standing).map((of) => of.slot.slice(0, digits))).size;
const daysOf = (standing: readonly Kept[]) => distinct(standing, 8);
const monthsOf = (standing: readonly Kept[]) => distinct(standing, 6);

describe("three years of daily backups", () => {
  test("hold 30 days and 12 months at every moment, and not much more", () => {
    for (const { n, now, standing } of live({ keep: usual }, 3 * 366)) {
      if (n >= 31) expect(daysOf(standing.filter((of) => now.getTime() - of.at.getTime() < 31 * day)), `${now}`).toBeGreaterThanOrEqual(30);
      if (n >= 13 * 31) expect(monthsOf(standing), `${now}`).toBeGreaterThanOrEqual(12);
      expect(standing.length, `${now}`).toBeLessThanOrEqual(31 + 13);
    }
  });
  test("expire nothing that is locked", () => {
    let before: readonly Kept[] = [];
    for (const { now, standing } of live({ keep: usual, hours: [2, 14] }, 800)) {
      for (const of of before) if (!standing.includes(of)) expect(of.lockedUntil && of.lockedUntil <= now, of.slot).toBe(true);
      before = [...standing];
    }
  });
  test("keep what is read first out of the archive, and archive the old months", () => {
    for (const { n, standing } of live({ keep: usual }, 500)) {
      expect(
        verified(standing)
          .slice(-usual.minimum)
          .filter((of) => of.storageClass),
      ).toEqual([]);
      if (n > 100) expect(standing.filter((of) => of.storageClass === "GLACIER").length).toBeGreaterThan(1);
    }
  });
  test("of a source that is backed up once a month keep the newest seven out of the archive", () => {
    const monthly = (n: number) => (on(n).getUTCDate() === 1 ? ("verified" as const) : undefined);
    for (const { n, standing } of live({ keep: usual, outcome: monthly }, 3 * 366)) {
      expect(
        verified(standing)
          .slice(-7)
          .filter((of) => of.storageClass),
      ).toEqual([]);
      if (n > 13 * 31) expect(monthsOf(standing)).toBeGreaterThanOrEqual(12);
    }
  });
});

describe("an outage longer than the keep", () => {
  const outage = (n: number) => n >= 500 && n < 900;
  const outcome = (n: number) => (outage(n) ? undefined : ("verified" as const));
  test.each<[string, (n: number) => boolean]>([
    ["of the backups alone", () => true],
    ["of everything", (n) => !outage(n)],
  ])("%s: the newest seven stay, however long it lasts", (_what, retains) => {
    for (const { n, standing } of live({ keep: usual, outcome, retains }, 1100)) {
      if (n < 10) continue;
      const last = Math.min(n - 1, outage(n) ? 499 : n - 1);
      expect(verified(standing).length).toBeGreaterThanOrEqual(7);
      if (outage(n))
        expect(
          verified(standing)
            .slice(-7)
            .map((of) => of.slot),
        ).toEqual(Array.from({ length: 7 }, (_, i) => slotId(on(last - 6 + i, 2))));
    }
  });
  test("of the marker alone: nothing expires at all", () => {
    let most = 0;
    for (const { n, standing } of live({ keep: usual, retains: (n) => n < 100 }, 300)) {
      if (n > 101) expect(standing.length).toBeGreaterThanOrEqual(most);
      most = n > 100 ? standing.length : 0;
    }
  });
});

describe("a database that was emptied", () => {
  const emptied = (n: number) => n >= 400 && n < 460;
  const outcome = (n: number) => (emptied(n) ? ("doubt" as const) : ("verified" as const));
  test("and backed up for 60 days: every good backup of the day before is still there", () => {
    let good: string[] = [];
    for (const { n, standing } of live({ keep: usual, outcome, retains: () => true }, 460)) {
      if (n === 399) good = verified(standing).map((of) => of.slot);
      if (!emptied(n)) continue;
      const left = new Set(standing.map((of) => of.slot));
      // What was 30 days old, marked and due on that very midnight may go; the doubt was not known yet.
      const gone = good.filter((slot) => !left.has(slot));
      expect(gone.length).toBeLessThanOrEqual(1);
    }
    expect(good.length).toBeGreaterThanOrEqual(30 + 12);
  });
  test("and filled again: what is good ages as always, and the empty ones go", () => {
    for (const { n, now, standing } of live({ keep: usual, outcome }, 900)) {
      if (n < 500 || n > 899) continue;
      expect(daysOf(standing.filter((of) => now.getTime() - of.at.getTime() < 31 * day))).toBeGreaterThanOrEqual(30);
      expect(standing.filter((of) => of.state === "doubt")).toEqual([]);
    }
  });
  test("and never marked again, when the marker dies with it: nothing more is released", () => {
    let before = 0;
    for (const { n, standing } of live({ keep: usual, outcome: (n) => (n < 400 ? "verified" : "doubt"), retains: (n) => n < 401 }, 600)) {
      if (n > 402) expect(standing.length).toBeGreaterThanOrEqual(before);
      before = standing.length;
    }
  });
});

describe("other courses of events", () => {
  test("several backups a day: the first verified one of each day stands for it, the others go after 30 days", () => {
    for (const { n, now, standing } of live({ keep: usual, hours: [0, 6, 12, 18] }, 500)) {
      if (n < 60) continue;
      expect(daysOf(standing.filter((of) => now.getTime() - of.at.getTime() < 31 * day))).toBeGreaterThanOrEqual(30);
      const old = standing.filter((of) => now.getTime() - of.at.getTime() > 32 * day);
      expect(new Set(old.map((of) => of.slot.slice(9, 11)))).toEqual(new Set(["00"]));
    }
  });
  test("the first backup of each day is verified after the second: no day is ever without one", () => {
    const verifiedAfter = (_n: number, hour: number) => (hour === 2 ? 30 : 1);
    for (const { n, now, standing } of live({ keep: usual, hours: [2, 8], verifiedAfter }, 500))
      if (n >= 32) expect(daysOf(standing.filter((of) => now.getTime() - of.at.getTime() < 31 * day)), `${now}`).toBeGreaterThanOrEqual(30);
  });
  test("every other day fails: thirty days hold what there was, and months stay whole", () => {
    const outcome = (n: number) => (n % 2 === 0 ? ("failed" as const) : ("verified" as const));
    for (const { n, now, standing } of live({ keep: usual, outcome }, 800)) {
      if (n >= 32) expect(daysOf(standing.filter((of) => now.getTime() - of.at.getTime() < 31 * day))).toBeGreaterThanOrEqual(15);
      if (n >= 13 * 31) expect(monthsOf(standing)).toBeGreaterThanOrEqual(12);
    }
  });
  test("nothing is ever verified: nothing ever goes", () => {
    for (const { n, standing } of live({ keep: usual, outcome: () => "unverified" }, 200))
      if (n > 0) expect(standing.length).toBeGreaterThanOrEqual(n);
  });
  test("the newest restored one outlives every tier", () => {
    for (const { n, standing } of live({ keep: usual, restored: (n) => n === 50 }, 600))
      if (n > 50) expect(standing.some((of) => of.slot === slotId(on(50, 2)))).toBe(true);
  });
  test.each<[string, Partial<Keep>, number]>([
    ["a week of days and four weeks", { daily: 7, weekly: 4, monthly: 0, minimum: 1 }, 4],
    ["two years", { daily: 1, monthly: 0, yearly: 2, minimum: 1 }, 0],
  ])("%s are really there", (_what, keep, weeks) => {
    const parsed = keepSchema.parse(keep);
    for (const { n, standing } of live({ keep: parsed }, 1100)) {
      const mondays = new Set(
        verified(standing)
          .filter((of) => of.at.getUTCDay() === 1)
          .map((of) => of.slot),
      );
      if (n > 40) expect(mondays.size).toBeGreaterThanOrEqual(weeks);
      if (n > 40) expect(daysOf(standing)).toBeGreaterThanOrEqual(parsed.daily);
      if (n > 2 * 366) expect(new Set(standing.map((of) => of.slot.slice(0, 4))).size).toBeGreaterThanOrEqual(parsed.yearly);
    }
  });
});
