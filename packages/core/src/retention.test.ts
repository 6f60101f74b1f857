import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { expiryDays, type Keep, keep as keepSchema, tierDays, tiers } from "./keep.ts";
import { slotId } from "./layout.ts";
import { type Decision, decideRetention, type Standing } from "./retention.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

const day = 86_400_000;
const keepOf = (keep: Partial<Keep> = {}): Keep => keepSchema.parse(keep);
const at = (text: string) => new Date(`${text}Z`);
/** `2026-11-21T02:00 [state] [restored]`, verified unless it says otherwise. */
function standing(text: string): Standing {
  const [time = "", ...words] = text.split(" ");
  const state = (["doubt", "failed", "unverified"] as const).find((word) => words.includes(word)) ?? "verified";
  return { slot: slotId(at(time)), at: at(time), state, restored: words.includes("restored") };
}
const decided = (lines: string[], keep: Partial<Keep>, now: string) => decideRetention(lines.map(standing), keepOf(keep), at(now));
const periodName: Partial<Record<keyof Keep, string>> = { daily: "day", weekly: "week", monthly: "month", yearly: "year" };
const few = { daily: 3, monthly: 0, minimum: 1 };
const keptOf = (decisions: readonly Decision[]) => decisions.filter((d) => d.release === undefined).map((d) => d.slot);

describe("tiers", () => {
  test("want the first verified of each period, and no other of it", () => {
    const { decisions } = decided(
      ["2026-11-20T01:00 failed", "2026-11-20T02:00", "2026-11-20T08:00", "2026-11-21T02:00"],
      few,
      "2026-11-21T03:00",
    );
    expect(decisions.map((d) => [d.slot, d.release, d.because])).toEqual([
      ["20261120T010000Z", 3, []],
      ["20261120T020000Z", undefined, ["first of its day"]],
      ["20261120T080000Z", 3, []],
      ["20261121T020000Z", undefined, ["first of its day", "one of the 1 newest verified"]],
    ]);
  });
  test("want it until it is as old as the tier keeps", () => {
    const lines = ["2026-11-18T02:00", "2026-11-25T02:00"];
    expect(keptOf(decided(lines, few, "2026-11-21T01:59:59.999").decisions)).toContain("20261118T020000Z");
    expect(keptOf(decided(lines, few, "2026-11-21T02:00").decisions)).not.toContain("20261118T020000Z");
  });
  test.each<[keyof Keep, string[], string, string[]]>([
    [
      "weekly",
      ["2026-11-15T23:59", "2026-11-16T00:00", "2026-11-22T23:59", "2026-11-23T00:00"],
      "weeks begin on Monday, UTC",
      ["20261115T235900Z", "20261116T000000Z", "20261123T000000Z"],
    ],
    [
      "weekly",
      ["2026-12-28T00:00", "2027-01-03T23:59", "2027-01-04T00:00"],
      "a week may lie in two years",
      ["20261228T000000Z", "20270104T000000Z"],
    ],
    [
      "monthly",
      ["2028-02-29T23:59", "2028-03-01T00:00", "2028-03-31T23:59"],
      "months end when they end",
      ["20280229T235900Z", "20280301T000000Z"],
    ],
    ["yearly", ["2026-12-31T23:59", "2027-01-01T00:00", "2027-12-31T23:59"], "years too", ["20261231T235900Z", "20270101T000000Z"]],
    [
      "daily",
      ["2026-03-29T00:30", "2026-03-29T23:30", "2026-03-30T00:30"],
      "days have 24 hours in UTC",
      ["20260329T003000Z", "20260330T003000Z"],
    ],
  ])("%s: %s", (tier, lines, _what, expected) => {
    const keep = keepOf({ daily: 1, monthly: 0, minimum: 1, [tier]: 30 });
    const newest = standing("2029-01-01T00:00 restored");
    const now = new Date(Math.max(...lines.map((line) => standing(line).at.getTime())) + 1000);
    const all = [...lines.map(standing), { ...newest, at: new Date(now.getTime() + 1), slot: "newest" }];
    const byTier = decideRetention(all, keep, now).decisions.filter((d) => d.because.includes(`first of its ${periodName[tier]}`));
    expect(byTier.map((d) => d.slot).filter((slot) => slot !== "newest")).toEqual(expected);
  });
  test("that are kept none of want nothing", () => {
    const { decisions } = decided(
      ["2026-01-01T02:00", "2026-11-21T02:00"],
      { daily: 1, weekly: 0, monthly: 0, yearly: 0, minimum: 1 },
      "2026-11-21T03:00",
    );
    expect(decisions[0]).toMatchObject({ tier: "daily", because: [], release: 1 });
  });
  test("give a backup the age of the longest it stands for", () => {
    const { decisions } = decided(
      ["2024-01-01T02:00", "2024-01-01T03:00", "2024-02-01T02:00", "2024-02-02T02:00", "2026-11-21T02:00"],
      { yearly: 1, minimum: 1 },
      "2026-11-21T03:00",
    );
    expect(decisions.map((d) => [d.tier, d.release])).toEqual([
      ["monthly", 372],
      [undefined, 30],
      ["monthly", 372],
      ["daily", 30],
      ["monthly", undefined],
    ]);
  });
});

describe("never released", () => {
  const old = ["2026-01-01T02:00", "2026-01-02T02:00", "2026-01-03T02:00"];
  test("are the newest verified, whatever their age", () => {
    const { decisions } = decided(old, { ...few, minimum: 2 }, "2030-01-01T00:00");
    expect(decisions.map((d) => d.because)).toEqual([[], ["one of the 2 newest verified"], ["one of the 2 newest verified"]]);
  });
  test("is the newest that was restored, and only that one", () => {
    const { decisions } = decided(["2025-01-01T02:00 restored", "2025-01-02T02:00 restored", ...old], few, "2030-01-01T00:00");
    expect(keptOf(decisions)).toEqual(["20250102T020000Z", "20260103T020000Z"]);
    expect(decisions[1]?.because).toEqual(["the newest that was restored"]);
  });
  test("is one that was restored and is broken since", () => {
    const { decisions } = decided(["2025-01-01T02:00 restored", "2025-01-02T02:00 restored failed", ...old], few, "2030-01-01T00:00");
    expect(keptOf(decisions)).toEqual(["20250101T020000Z", "20260103T020000Z"]);
  });
  test.each(["failed", "unverified", "doubt"])("is anything %s that is newer than the newest verified", (state) => {
    const { decisions } = decided([...old, `2026-01-04T02:00 ${state}`], few, "2030-01-01T00:00");
    expect(decisions.at(-1)?.because).toContain("newer than the newest verified");
  });
  test.each(["failed", "unverified", "doubt"])("is anything %s while nothing is verified", (state) => {
    const { decisions } = decided([`2026-01-01T02:00 ${state}`, `2026-01-02T02:00 ${state}`], few, "2030-01-01T00:00");
    expect(keptOf(decisions)).toHaveLength(2);
  });
});

describe("a doubt", () => {
  const lines = ["2026-01-01T02:00", "2026-01-02T02:00", "2026-01-03T02:00 doubt"];
  test("stops every release of its source, and says which it is", () => {
    const { decisions, stopped } = decided(lines, few, "2030-01-01T00:00");
    expect(stopped).toMatch(/^20260103T020000Z is in doubt: /);
    expect(keptOf(decisions)).toHaveLength(3);
    expect(decisions[0]?.because).toEqual(["releases are stopped by a doubt"]);
  });
  test("is named, the newest where there are several", () => {
    expect(decided([...lines, "2026-01-04T02:00 doubt", "2026-01-05T02:00 failed"], few, "2030-01-01T00:00").stopped).toMatch(
      /^20260104T020000Z /,
    );
  });
  test("stops nothing any more once it is accepted or a later backup is verified", () => {
    for (const after of [
      [...lines.slice(0, 2), "2026-01-03T02:00"],
      [...lines, "2026-01-04T02:00"],
    ]) {
      const { decisions, stopped } = decided(after, few, "2030-01-01T00:00");
      expect(stopped).toBeUndefined();
      expect(keptOf(decisions)).toEqual([slotId(standing(after.at(-1) ?? "").at)]);
    }
  });
  test("stops releases also when a broken backup came after it", () => {
    expect(decided([...lines, "2026-01-04T02:00 failed"], few, "2030-01-01T00:00").stopped).toContain("20260103T020000Z");
  });
});

test("what a restore or a comparison would take first stays near, and nothing else", () => {
  const { decisions } = decided(
    ["2025-06-01T02:00 restored", "2025-07-01T02:00", "2025-08-01T02:00", "2025-09-01T02:00"],
    { minimum: 2 },
    "2025-09-02T00:00",
  );
  expect(decisions.map((d) => [d.tier, d.near])).toEqual([
    ["monthly", true],
    ["monthly", false],
    ["monthly", true],
    ["monthly", true],
  ]);
});

// ── Properties, against an oracle that groups by other means ──────────────────────────────────────────────────────────────────
const states = fc.constantFrom<Standing["state"]>("verified", "verified", "verified", "doubt", "failed", "unverified");
const start = Date.UTC(2024, 0, 1);
const standings: fc.Arbitrary<Standing[]> = fc.uniqueArray(
  fc.record({ minutes: fc.nat(3 * 366 * 24 * 4), state: states, restored: fc.boolean() }).map(({ minutes, state, restored }) => {
    const when = new Date(start + minutes * 15 * 60_000);
    return { slot: slotId(when), at: when, state, restored };
  }),
  { maxLength: 80, selector: (s) => s.slot },
);
const keeps: fc.Arbitrary<Keep> = fc.record({
  daily: fc.integer({ min: 1, max: 60 }),
  weekly: fc.nat(20),
  monthly: fc.nat(24),
  yearly: fc.nat(3),
  minimum: fc.integer({ min: 1, max: 10 }),
});
const nows = fc.nat(4 * 366).map((days) => new Date(start + 3 * 366 * day + days * (day / 4)));

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(when: Date): string {
  const thursday = new Date(when.getTime() + (4 - (when.getUTCDay() || 7)) * day);
  return `${thursday.getUTCFullYear()} ${Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / day / 7)}`;
}
const periods = {
  daily: (d: Date) => Math.floor(d.getTime() / day),
  weekly: isoWeek,
  monthly: (d: Date) => d.getUTCFullYear() * 12 + d.getUTCMonth(),
  yearly: (d: Date) => d.getUTCFullYear(),
};
function expectedKept(all: readonly Standing[], keep: Keep, now: Date): Set<string> {
  const verified = all.filter((s) => s.state === "verified").toSorted((a, b) => Number(b.at) - Number(a.at));
  const newest = verified[0]?.at ?? new Date(0);
  const unproven = all.filter((s) => s.state !== "verified" && s.at > newest);
  if (unproven.some((s) => s.state === "doubt")) return new Set(all.map((s) => s.slot));
  const wanted = tiers.flatMap((tier) =>
    verified.filter(
      (s) =>
        keep[tier] > 0 &&
        now.getTime() - s.at.getTime() < tierDays(keep, tier) * day &&
        !verified.some((other) => other.at < s.at && periods[tier](other.at) === periods[tier](s.at)),
    ),
  );
  const restored = verified.filter((s) => s.restored).slice(0, 1);
  return new Set([...wanted, ...verified.slice(0, keep.minimum), ...restored, ...unproven].map((s) => s.slot));
}

describe("properties", () => {
  test("kept is exactly what tiers, minimum, restores and doubts ask for", () => {
    fc.assert(
      fc.property(standings, keeps, nows, (all, keep, now) => {
        expect(new Set(keptOf(decideRetention(all, keep, now).decisions))).toEqual(expectedKept(all, keep, now));
      }),
      { numRuns: 300 },
    );
  });
  test("every backup gets one decision, by time, and a reason wherever it is kept", () => {
    fc.assert(
      fc.property(standings, keeps, nows, (all, keep, now) => {
        const { decisions } = decideRetention(all, keep, now);
        expect(decisions.map((d) => d.slot)).toEqual(all.map((s) => s.slot).toSorted());
        for (const d of decisions) expect(d.because.length > 0).toBe(d.release === undefined);
      }),
    );
  });
  test("whatever is released has a lifecycle rule for its age", () => {
    fc.assert(
      fc.property(standings, keeps, nows, (all, keep, now) => {
        const released = decideRetention(all, keep, now).decisions.flatMap(({ release }) => release ?? []);
        for (const age of released) expect(expiryDays([keep])).toContain(age);
      }),
    );
  });
  test("the order of the listing says nothing, and asking again says the same", () => {
    fc.assert(
      fc.property(standings, fc.nat(), keeps, nows, (all, turn, keep, now) => {
        const cut = all.length === 0 ? 0 : turn % all.length;
        const turned = [...all.slice(cut), ...all.slice(0, cut)].toReversed();
        const before = structuredClone(all);
        expect(decideRetention(turned, keep, now)).toEqual(decideRetention(all, keep, now));
        expect(all).toEqual(before);
      }),
    );
  });
  test("time alone only releases, and never takes a release back", () => {
    fc.assert(
      fc.property(standings, keeps, nows, fc.nat(500 * day), (all, keep, now, later) => {
        const then = keptOf(decideRetention(all, keep, new Date(now.getTime() + later)).decisions);
        expect(keptOf(decideRetention(all, keep, now).decisions)).toEqual(expect.arrayContaining(then));
      }),
    );
  });
  test("what is kept stays kept when lifecycle has taken any of what was released", () => {
    fc.assert(
      fc.property(standings, keeps, nows, fc.infiniteStream(fc.boolean()), (all, keep, now, coins) => {
        const kept = new Set(keptOf(decideRetention(all, keep, now).decisions));
        const left = all.filter((s) => kept.has(s.slot) || coins.next().value);
        expect(keptOf(decideRetention(left, keep, now).decisions)).toEqual(expect.arrayContaining([...kept]));
      }),
    );
  });
  test("one more verified backup never makes fewer than the minimum of the newest", () => {
    fc.assert(
      fc.property(standings, keeps, nows, (all, keep, now) => {
        const verified = all.filter((s) => s.state === "verified").toSorted((a, b) => Number(a.at) - Number(b.at));
        const kept = new Set(keptOf(decideRetention(all, keep, now).decisions));
        for (const s of verified.slice(-keep.minimum)) expect(kept.has(s.slot)).toBe(true);
      }),
    );
  });
});

describe("the machine's own time zone", () => {
  afterEach(() => vi.unstubAllEnvs());
  test.each(["Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu"])("%s changes nothing", (zone) => {
    const lines = ["2026-10-31T23:30", "2026-11-01T00:30", "2026-11-01T23:30", "2026-11-02T00:30", "2026-12-31T23:30", "2027-01-01T00:30"];
    const all = lines.map(standing);
    const keep = keepOf({ daily: 20, weekly: 5, yearly: 2, minimum: 1 });
    const here = decideRetention(all, keep, at("2027-01-01T01:00"));
    vi.stubEnv("TZ", zone);
    expect(new Date("2026-11-01T00:30Z").getHours()).not.toBe(0);
    expect(decideRetention(all, keep, at("2027-01-01T01:00"))).toEqual(here);
  });
});
