import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { slotId } from "./layout.ts";
import { type PruneQuestion, type PruneStanding, planPrune, printPrune } from "./planprune.ts";
import type { Held } from "./ports/prune.ts";

const now = new Date("2026-12-31T12:00:00Z");
const hour = 3_600_000;
const dayOf = (n: number) => new Date(Date.UTC(2026, 10, n, 2));
const slotOf = (n: number) => slotId(dayOf(n));

/** `21 [state] [restored]`: a backup of the 21st, verified unless it says otherwise. One that is pruned was verified, and is so elsewhere. */
function standing(text: string): PruneStanding {
  const [n = "", ...words] = text.split(" ");
  const state = (["doubt", "failed", "unverified", "pruned"] as const).find((word) => words.includes(word)) ?? "verified";
  const elsewhere = state === "pruned" ? "verified" : state;
  return { slot: slotOf(Number(n)), at: dayOf(Number(n)), state, elsewhere, restored: words.includes("restored") };
}
/** `21 [state] [fresh] [at place]`: a whole snapshot of that slot, made long ago, at the source itself. */
function held(text: string): Held {
  const [n = "", ...words] = text.split(" ");
  const state = (["begun", "failed", "passing"] as const).find((word) => words.includes(word)) ?? "whole";
  const place = words.includes("at") ? (words.at(-1) ?? "") : "";
  const at = words.includes("fresh") ? new Date(now.getTime() - 48 * hour) : new Date(now.getTime() - 48 * hour - 1);
  return { id: `${state === "passing" ? "raw" : "snap"}-${n}`, place, slot: slotOf(Number(n)), state, at };
}
const ask = (standings: string[], stands: string[], keep = 2) =>
  planPrune({ standings: standings.map(standing), held: stands.map(held), keep, now });
/** Slots and places of what goes. */
const gone = (standings: string[], stands: string[], keep = 2) =>
  ask(standings, stands, keep).remove.map(({ id, place }) => (place === "" ? id : `${id} at ${place}`));
const days = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

describe("of what is verified", () => {
  test("the newest stay, and the others go, oldest first, each with why", () => {
    const { remove, keep } = ask(days(1, 5), days(1, 5).toReversed());
    expect(remove.map(({ id, because }) => [id, because])).toEqual([
      ["snap-1", "4 verified ones that stand there are newer"],
      ["snap-2", "3 verified ones that stand there are newer"],
      ["snap-3", "2 verified ones that stand there are newer"],
    ]);
    expect(keep.map(({ id, because }) => [id, because])).toEqual([
      ["snap-4", "one of the 2 newest verified"],
      ["snap-5", "one of the 2 newest verified"],
    ]);
  });
  test("the newest that was restored stays too, and only that one", () => {
    const standings = ["1 restored", "2 restored", "3", "4", "5"];
    expect(gone(standings, days(1, 5))).toEqual(["snap-1", "snap-3"]);
    expect(ask(standings, days(1, 5)).keep[0]).toMatchObject({ id: "snap-2", because: "the newest that was restored" });
  });
  test("only what still stands counts: what somebody deleted by hand protects nothing", () => {
    expect(gone(days(1, 5), ["1", "2", "3"])).toEqual(["snap-1"]);
    expect(gone(["1 restored", "2 restored", "3", "4", "5"], ["1", "3", "4", "5"])).toEqual(["snap-3"]);
  });
});

describe("of what is not verified", () => {
  test.each(["failed", "unverified"])("%s goes once so many verified ones stand that are newer, and stays before", (state) => {
    expect(gone([`1 ${state}`, "2"], ["1", "2"])).toEqual([]);
    expect(gone([`1 ${state}`, "2", "3"], ["1", "2", "3"])).toEqual(["snap-1"]);
    expect(gone(["1", "2", `3 ${state}`], ["1", "2", "3"])).toEqual([]);
    expect(gone(["1", "2", "3", `4 ${state}`], ["1", "2", "3", "4"])).toEqual(["snap-1"]);
  });
  test("nothing goes while nothing is verified, not even what failed", () => {
    const plan = ask(["1 failed", "2 unverified"], ["1", "2", "3 failed"]);
    expect([plan.remove, plan.stopped]).toEqual([[], "no backup is verified: nothing goes until one is"]);
  });
  test("a doubt that is newer than all that is verified stops everything, and one that is older nothing", () => {
    const plan = ask([...days(1, 5), "6 doubt"], [...days(1, 6), "7 failed"]);
    expect([plan.remove, plan.stopped]).toEqual([
      [],
      `${slotOf(6)} is in doubt: nothing goes until a later backup is verified or a person accepts it`,
    ]);
    expect(plan.keep[0]?.because).toBe("nothing of this source goes now");
    expect(gone(["1 doubt", "2", "3", "4"], days(1, 4))).toEqual(["snap-1", "snap-2"]);
  });
  test("a doubt stops everything also when its snapshot is gone", () => {
    expect(gone([...days(1, 5), "6 doubt"], days(1, 5))).toEqual([]);
  });
});

describe("what no manifest names", () => {
  test("stays when it is whole, however old: it becomes a backup", () => {
    expect(gone(["3", "4", "5"], ["1", "3", "4", "5"], 3)).toEqual([]);
  });
  test("stays while it is under way, and goes when it failed two days ago", () => {
    expect(gone(["2"], ["1 begun", "2"], 1)).toEqual([]);
    expect(gone(["2"], ["1 failed", "2"])).toEqual(["snap-1"]);
    expect(gone(["2"], ["1 failed fresh", "2"])).toEqual([]);
    expect(gone(["2"], ["2", "3 failed"])).toEqual(["snap-3"]);
  });
});

describe("the way to another snapshot", () => {
  test("goes when that is whole and nobody can be at work on it", () => {
    expect(gone(["1"], ["1", "1 passing"])).toEqual(["raw-1"]);
    expect(gone(["1"], ["1", "1 passing fresh"])).toEqual([]);
  });
  test("stays while that is missing, under way or failed, for all there is of its slot", () => {
    expect(gone(["1"], ["1", "2 passing"])).toEqual([]);
    expect(gone(["1"], ["1", "2 passing", "2 begun"])).toEqual([]);
    expect(gone(["1"], ["1", "2 passing", "2 failed fresh"])).toEqual([]);
  });
  test("goes when its slot is not wanted any more, unless a copy of it is under way", () => {
    expect(gone(["2", "3"], ["1 passing", "2", "3"])).toEqual(["raw-1"]);
    expect(gone(["2", "3"], ["1 passing", "1 begun", "2", "3"])).toEqual([]);
    expect(gone(["2", "3"], ["1 passing fresh", "2", "3"])).toEqual([]);
  });
});

describe("each place", () => {
  const far = (list: string[]) => list.map((one) => `${one} at eu-west-1`);
  test("keeps the newest of what stands there, also where it lags behind", () => {
    expect(gone(days(1, 6), [...days(5, 6), ...far(days(1, 3))])).toEqual(["snap-1 at eu-west-1"]);
  });
  test("keeps copies of what was deleted at the source", () => {
    expect(gone(["1 pruned", "2 pruned", "3", "4"], [...days(3, 4), ...far(["1", "2"])])).toEqual([]);
  });
  test("keeps the newest that was restored of those that stand there", () => {
    expect(gone(["1 restored", "2", "3 restored", "4", "5"], [...far(["1", "2", "4", "5"])])).toEqual(["snap-2 at eu-west-1"]);
  });
  test("counts its copies of those as verified, and as restored, all the same", () => {
    const pruned = ["1 pruned restored", "2 pruned", "3 pruned", "4 pruned", "5", "6"];
    expect(gone(pruned, [...days(5, 6), ...far(days(1, 4))])).toEqual(["snap-2 at eu-west-1"]);
  });
  test("keeps what is being copied to another one, until that is done", () => {
    expect(gone(["1", "2", "3"], ["1", "2", "3", ...far(["1 begun"])])).toEqual([]);
    expect(gone(["1", "2", "3"], ["1", "2", "3", ...far(["1"])])).toEqual(["snap-1"]);
    expect(gone(["1", "2", "3"], ["1", "2", "3", "1 begun"])).toEqual(["snap-1"]);
  });
  test("loses a failed copy of a good backup after two days", () => {
    expect(gone(["1", "2"], ["1", "2", ...far(["1", "2 failed"])])).toEqual(["snap-2 at eu-west-1"]);
    expect(gone(["1", "2"], ["1", "2", ...far(["1", "2 failed fresh"])])).toEqual([]);
  });
});

describe("a backup that is recorded as deleted and still stands", () => {
  test("goes", () => {
    const { remove } = ask(["1 pruned", "2", "3"], days(1, 3));
    expect(remove).toMatchObject([{ id: "snap-1", because: "it is recorded as deleted, and 2 verified ones that stand there are newer" }]);
  });
  test("stays when it is needed after all: a record that somebody forged deletes no new backup", () => {
    expect(gone(["1", "2", "3 pruned"], days(1, 3), 3)).toEqual([]);
    expect(gone(["1", "2", "3 pruned"], days(1, 3), 1)).toEqual(["snap-1"]);
  });
});

describe("more than a person should miss", () => {
  test("is told, and carried out by nobody else", () => {
    expect(ask(days(1, 20), days(1, 20), 3).tooMany).toBe("17 of 20 would go, which is more than half");
    expect(ask(days(1, 20), days(1, 20), 8).tooMany).toBe("12 of 20 would go, which is more than half");
  });
  test("is not what an outage of a week leaves, nor less than half, nor what failed", () => {
    expect(ask(days(1, 10), days(1, 10), 3).tooMany).toBeUndefined();
    expect(ask(days(1, 20), days(1, 20), 10).tooMany).toBeUndefined();
    expect(ask(["1"], ["1", ...days(2, 20).map((n) => `${n} failed`)]).tooMany).toBeUndefined();
  });
  test("is counted at each place by itself", () => {
    const far = days(1, 20).map((n) => `${n} at eu-west-1`);
    expect(ask(days(1, 20), [...days(18, 20), ...far], 3).tooMany).toBe("17 of 20 would go at eu-west-1, which is more than half");
  });
});

test("the plan is printed as lines for people", () => {
  expect(printPrune(ask(["1", "2", "3"], ["1", "2", "3", "3 at eu-west-1"]))).toEqual([
    "1 goes:",
    "  snap-1: 2 verified ones that stand there are newer",
    "3 stay:",
    "  snap-2: one of the 2 newest verified",
    "  snap-3: one of the 2 newest verified",
    "  snap-3 at eu-west-1: one of the 2 newest verified",
  ]);
  expect(printPrune(ask(["1 doubt"], []))).toEqual([
    "no backup is verified: nothing goes until one is",
    "nothing goes",
    "nothing stands that stays",
  ]);
  expect(printPrune(ask(days(1, 20), days(1, 20)))[0]).toBe("a person has to confirm it: 18 of 20 would go, which is more than half");
});

// ── Rules for every question ─────────────────────────────────────────────────────────────────────────────────────────────────
const places = ["", "eu-west-1"];
const anyStanding = (n: number) =>
  fc
    .record({
      state: fc.constantFrom<PruneStanding["state"][]>("verified", "verified", "verified", "unverified", "failed", "doubt", "pruned"),
      restored: fc.boolean(),
    })
    .map(({ state, restored }): PruneStanding => {
      const elsewhere = state === "pruned" ? "verified" : state;
      return { slot: slotOf(n), at: dayOf(n), state, elsewhere, restored: restored && elsewhere === "verified" };
    });
const anyHeld = fc
  .record({
    n: fc.integer({ min: 1, max: 14 }),
    place: fc.constantFrom(...places),
    state: fc.constantFrom<Held["state"][]>("whole", "whole", "whole", "begun", "failed", "passing"),
    age: fc.integer({ min: 0, max: 96 }),
  })
  .map(
    ({ n, place, state, age }): Held => ({ id: `${state}-${n}`, place, slot: slotOf(n), state, at: new Date(now.getTime() - age * hour) }),
  );
const question: fc.Arbitrary<PruneQuestion> = fc.record({
  standings: fc
    .tuple(...Array.from({ length: 14 }, (_, i) => fc.option(anyStanding(i + 1), { freq: 6, nil: undefined })))
    .map((list) => list.filter((one) => one !== undefined)),
  held: fc.uniqueArray(anyHeld, { maxLength: 30, selector: ({ id, place }) => `${id} ${place}` }),
  keep: fc.integer({ min: 1, max: 6 }),
  now: fc.constant(now),
});
const name = ({ id, place }: Held) => `${id} ${place}`;
const without = (list: readonly Held[], gone: readonly Held[]) => {
  const names = new Set(gone.map(name));
  return list.filter((one) => !names.has(name(one)));
};
/** The world after the plan was carried out. */
function after({ standings, held, ...rest }: PruneQuestion): PruneQuestion {
  const { remove } = planPrune({ standings, held, ...rest });
  const pruned = new Set(remove.filter(({ place, state }) => place === "" && state !== "passing").map(({ slot }) => slot));
  return {
    ...rest,
    held: without(held, remove),
    standings: standings.map((one) => (pruned.has(one.slot) ? { ...one, state: "pruned" as const } : one)),
  };
}
/** Slots that are verified and stand there whole. */
function verifiedAt(place: string, { standings, held }: Pick<PruneQuestion, "standings" | "held">): PruneStanding[] {
  const whole = new Set(held.filter((one) => one.place === place && one.state === "whole").map(({ slot }) => slot));
  return standings.filter((one) => whole.has(one.slot) && (place === "" ? one.state : one.elsewhere) === "verified");
}

test("never are fewer verified ones left at a place than are kept, nor is the newest restored one gone", () => {
  fc.assert(
    fc.property(question, (asked) => {
      const left = after(asked);
      for (const place of places) {
        const [before, then] = [verifiedAt(place, asked), verifiedAt(place, left)];
        expect(then.length).toBeGreaterThanOrEqual(Math.min(asked.keep, before.length));
        expect(then.slice(-asked.keep).map(({ slot }) => slot)).toEqual(before.slice(-asked.keep).map(({ slot }) => slot));
        const restored = before.findLast((one) => one.restored);
        if (restored) expect(then.map(({ slot }) => slot)).toContain(restored.slot);
      }
    }),
    { numRuns: 400 },
  );
});

test("everything is told of exactly once, and what is newer than all that is verified at its place never goes while it may be of use", () => {
  fc.assert(
    fc.property(question, (asked) => {
      const { remove, keep, stopped } = planPrune(asked);
      expect([...remove, ...keep].map(name).sort()).toEqual(asked.held.map(name).sort());
      if (stopped !== undefined) expect(remove).toEqual([]);
      for (const { place, slot, state } of remove) {
        const newest = verifiedAt(place, asked).at(-1)?.slot ?? "";
        expect(state === "failed" || state === "passing" || slot < newest).toBe(true);
        expect(state).not.toBe("begun");
      }
    }),
    { numRuns: 400 },
  );
});

test("carried out, it leaves nothing to do, also where it was cut off anywhere", () => {
  fc.assert(
    fc.property(question, fc.nat(), (asked, cut) => {
      expect(planPrune(after(asked)).remove).toEqual([]);
      const { remove } = planPrune(asked);
      const some = remove.slice(0, cut % (remove.length + 1));
      const half = { ...asked, held: without(asked.held, some) };
      for (const place of places)
        expect(verifiedAt(place, after(half)).map(({ slot }) => slot)).toEqual(verifiedAt(place, after(asked)).map(({ slot }) => slot));
    }),
    { numRuns: 400 },
  );
});

test("whoever keeps more, or asks earlier, loses nothing more", () => {
  fc.assert(
    fc.property(question, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 72 }), (asked, more, hours) => {
      const all = new Set(planPrune(asked).remove.map(name));
      const fewer = planPrune({ ...asked, keep: asked.keep + more }).remove;
      const earlier = planPrune({ ...asked, now: new Date(now.getTime() - hours * hour) }).remove;
      for (const one of [...fewer, ...earlier]) expect(all).toContain(name(one));
    }),
    { numRuns: 400 },
  );
});

test("a further verified backup spares nothing that goes without it", () => {
  fc.assert(
    fc.property(question, (asked) => {
      const newest: PruneStanding = { slot: slotOf(20), at: dayOf(20), state: "verified", elsewhere: "verified", restored: false };
      const snapshots = places.map((place): Held => ({ id: "new", place, slot: newest.slot, state: "whole", at: now }));
      const then = planPrune({ ...asked, standings: [...asked.standings, newest], held: [...asked.held, ...snapshots] });
      const left = new Set(then.keep.map(name));
      for (const one of planPrune(asked).remove) expect(left).not.toContain(name(one));
    }),
    { numRuns: 400 },
  );
});
