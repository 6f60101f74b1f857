import { expect, test } from "vitest";
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
