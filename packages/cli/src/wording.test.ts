import { expect, test } from "vitest";
import { bytes, counted, moment, span, took } from "./wording.ts";

test("bytes are told in three digits at most and the unit below a thousand of it", () => {
  expect([0, 999, 1000, 1024, 10_239, 1_048_575, 1.5 * 2 ** 30, 2 ** 50].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 KiB",
    "1.0 KiB",
    "10 KiB",
    "1.0 MiB",
    "1.5 GiB",
    "1.0 PiB",
  ]);
});
test("an age is rounded down to whole units", () => {
  expect([0, 89, 90, 5399, 5400, 172_799, 172_800, -30].map(span)).toEqual([
    "0 s",
    "89 s",
    "1 min",
    "89 min",
    "1 h",
    "47 h",
    "2 d",
    "in 30 s",
  ]);
});
test("a duration keeps a tenth while it is short", () => {
  expect([0.04, 9.94, 9.96, 119, 200].map(took)).toEqual(["0.0 s", "9.9 s", "10 s", "119 s", "3 min 20 s"]);
});
test("one thing is one and many have their thousands apart", () => {
  expect([counted(1, "backup"), counted(300_123, "row")]).toEqual(["1 backup", "300,123 rows"]);
});
test("a moment is told in UTC whatever the machine's own zone", () => {
  expect(moment(new Date("2026-11-22T02:00:59Z"))).toBe("2026-11-22 02:00 UTC");
});
