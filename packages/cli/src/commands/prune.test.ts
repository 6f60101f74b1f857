import type { PrunePlan } from "@holdfast/core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Ports } from "../command.ts";
import { type TestPlace, testPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { prune } from "./prune.ts";

const pruning = (n: number, because: string) => ({
  id: `holdfast-note-2026112${n}t020000z`,
  place: n === 1 ? "eu-west-1" : "",
  slot: `2026112${n}T020000Z`,
  state: "whole" as const,
  at: new Date("2026-11-21T02:01:00Z"),
  because,
});
const plan: PrunePlan = {
  remove: [pruning(1, "7 verified ones that stand there are newer"), pruning(2, "7 verified ones that stand there are newer")],
  keep: [pruning(3, "the newest that was restored")],
  stopped: undefined,
  tooMany: undefined,
};
const nothing: PrunePlan = { ...plan, remove: [], stopped: "20261124T020000Z is in doubt: nothing goes" };

let t: TestPlace;
let asked: [string, unknown][];
beforeEach(async () => {
  t = await testPlace(testWorld());
  answer(plan, { source: "note", removed: ["one", "two"], kept: 1 });
});
/** As JSON, which is how a Lambda answers. */
function answer(printed: PrunePlan, done: object): void {
  asked = [];
  t.answers.invoke = async (name, payload) => {
    asked.push([name, payload]);
    return { ok: true, result: JSON.parse(JSON.stringify("print" in Object(payload) ? printed : done)) };
  };
}
/** The same place, in which backups of the kind stay at their own service. */
function pruned(): Ports {
  const memo = t.place.lists.kinds.memo;
  if (!memo) throw new Error("no kind memo");
  return { ...t, place: { ...t.place, lists: { ...t.place.lists, kinds: { memo: { ...memo, kind: { ...memo.kind, keeps: () => 7 } } } } } };
}

describe("what retention would delete", () => {
  test("is printed with why, and nothing is deleted", async () => {
    expect(await prune({ source: "note" }, pruned())).toBe(0);
    expect(asked).toEqual([["acme-prod-prune-note", { print: true }]]);
    expect(t.world.stdout.text.split("\n")).toEqual([
      "2 go:",
      "  holdfast-note-20261121t020000z at eu-west-1: 7 verified ones that stand there are newer",
      "  holdfast-note-20261122t020000z: 7 verified ones that stand there are newer",
      "1 stays:",
      "  holdfast-note-20261123t020000z: the newest that was restored",
      "",
    ]);
    expect(t.world.stderr.text).toContain("nothing was deleted; `holdfast prune note --yes` does it");
  });
  test("is also JSON, and nothing else", async () => {
    await prune({ source: "note", json: true }, pruned());
    expect(JSON.parse(t.world.stdout.text)).toEqual(JSON.parse(JSON.stringify({ ...plan, stopped: null, tooMany: null })));
  });
  test("is told to be stopped, and why", async () => {
    answer(nothing, {});
    expect(await prune({ source: "note" }, pruned())).toBe(0);
    expect(t.world.stdout.text).toMatch(/^20261124T020000Z is in doubt: nothing goes\nnothing goes\n/);
    expect(t.world.stderr.text).toBe("");
  });
});

describe("with --yes it is carried out", () => {
  test("as a person confirmed it", async () => {
    expect(await prune({ source: "note", yes: true }, pruned())).toBe(0);
    expect(asked.map(([, payload]) => payload)).toEqual([{ print: true }, { confirmed: true }]);
    expect(t.world.stdout.text).toMatch(/2 snapshots deleted\n$/);
  });
  test("and told as JSON", async () => {
    await prune({ source: "note", yes: true, json: true }, pruned());
    expect(JSON.parse(t.world.stdout.text)).toMatchObject({ remove: [{ place: "eu-west-1" }, {}], removed: ["one", "two"], stopped: null });
  });
  test("and ends with 1 where nothing may go", async () => {
    answer(nothing, {});
    expect(await prune({ source: "note", yes: true }, pruned())).toBe(1);
    expect(asked).toHaveLength(1);
    expect(t.world.stdout.text).toMatch(/nothing was deleted\n$/);
  });
  test("and says what went wrong", async () => {
    const refused = "the snapshot was not deleted. CloudTrail knows who.";
    t.answers.invoke = async () => ({ ok: false, error: "SnapshotNotOurs", message: refused });
    await expect(prune({ source: "note", yes: true }, pruned())).rejects.toMatchObject({ name: "RunFailed", remote: "SnapshotNotOurs" });
  });
});

describe("nothing is asked", () => {
  test("for a source that the plan does not have", async () => {
    await expect(prune({ source: "shop" }, pruned())).rejects.toMatchObject({ name: "UnknownSource" });
  });
  test("for one whose backups are files, and those that can be are named", async () => {
    await expect(prune({ source: "note" }, t)).rejects.toMatchObject({
      name: "NothingToPrune",
      hint: "The plan has no source that is pruned.",
    });
    const { memo } = t.place.lists.kinds;
    const { other } = t.place.plan.sources;
    if (!memo || !other) throw new Error("no kind memo, no source other");
    const kinds = { memo, paper: { ...memo, kind: { ...memo.kind, keeps: () => 7 } } };
    const sources = { ...t.place.plan.sources, paper: { ...other, name: "paper", kind: "paper" } };
    const place = { ...t.place, lists: { ...t.place.lists, kinds }, plan: { ...t.place.plan, sources } };
    await expect(prune({ source: "note" }, { ...t, place })).rejects.toMatchObject({ hint: "Sources that are pruned: paper." });
    expect(asked).toEqual([]);
  });
});
