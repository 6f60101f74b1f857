import { describe, expect, test } from "vitest";
import { doubts } from "./doubts.ts";
import { aNative } from "./kit/anative.ts";

const before = aNative.snapshot;
test.each([
  ["nothing", {}, []],
  ["growth", { gigabytes: 900 }, []],
  ["a little less", { gigabytes: 51 }, []],
  ["half of it gone", { gigabytes: 49 }, ["size-collapsed doubt"]],
  ["another database under its name", { resource: "db-TWO" }, ["another-database doubt"]],
  ["another engine", { engine: "mysql", version: "8.4.6" }, ["engine-changed doubt"]],
  ["an upgrade", { version: "18.1" }, ["version-changed note"]],
])("beside the backup before, %s is told", (_what, now, told) => {
  expect(doubts({ ...before, ...now }, before).map(({ name, severity }) => `${name} ${severity}`)).toEqual(told);
});

test("a small database that shrinks is none", () => {
  expect(doubts({ ...before, gigabytes: 1 }, { ...before, gigabytes: 19 })).toEqual([]);
});

describe("beside the last few", () => {
  /** Each a little over half of the one before it, newest last. */
  const sizes = [100, 55, 31, 20];
  const shrinking = (gigabytes: number, past: readonly number[]) => {
    const recent = past.toReversed().map((size) => ({ ...before, gigabytes: size }));
    return doubts({ ...before, gigabytes }, recent[0] ?? before, recent);
  };

  test("one that loses a little less than half each time is told before all is gone", () => {
    const told = sizes.map((size, i) => shrinking(size, sizes.slice(0, i)).map(({ name }) => name));
    expect(told).toEqual([[], [], ["size-collapsed"], ["size-collapsed"]]);
    expect(shrinking(31, [100, 55])).toMatchObject([
      { message: "shop has 31 GiB and the last 2 backups have 100 in the middle", hint: expect.stringContaining("`holdfast accept`") },
    ]);
  });
  test("one that was far larger once says nothing", () => {
    expect(shrinking(51, [60, 60, 900, 55, 60])).toEqual([]);
  });
  test("what a person accepted is the measure from then on", () => {
    expect(shrinking(31, [31])).toEqual([]);
  });
});
