import { expect, test } from "vitest";
import { clash, isIn } from "./maintenance.ts";
import { parseSchedule } from "./schedule.ts";

// 2026-11-21 is a Saturday.
test.each([
  ["sat:02:00-sat:02:30", "2026-11-21T02:00:00Z", true],
  ["sat:02:00-sat:02:30", "2026-11-21T02:29:59Z", true],
  ["sat:02:00-sat:02:30", "2026-11-21T02:30:00Z", false],
  ["sat:02:00-sat:02:30", "2026-11-22T02:00:00Z", false],
  ["sat:23:30-sun:00:30", "2026-11-22T00:10:00Z", true],
  ["Sat:23:30-Sun:00:30", "2026-11-22T00:10:00Z", true],
  ["sometimes", "2026-11-21T02:00:00Z", false],
])("the maintenance window %s at %s: %s", (window, at, inside) => {
  expect(isIn(window, new Date(at))).toBe(inside);
});

const now = new Date("2026-11-21T12:00:00Z");
const clashOf = (expression: string, window: string) => clash(parseSchedule(expression), window, now)?.toISOString();

test("a daily schedule lies in a window on the window's own day", () => {
  expect(clashOf("cron(0 2 * * ? *)", "tue:01:45-tue:02:15")).toBe("2026-11-24T02:00:00.000Z");
  expect(clashOf("cron(0 2 * * ? *)", "tue:02:00-tue:02:30")).toBe("2026-11-24T02:00:00.000Z");
});

test("a schedule that fires when a window ends keeps off it", () => {
  expect(clashOf("cron(30 2 * * ? *)", "tue:02:00-tue:02:30")).toBeUndefined();
});

test("a window over the end of the week holds what fires on either side of it", () => {
  expect(clashOf("cron(45 23 ? * SAT *)", "sat:23:30-sun:00:30")).toBe("2026-11-21T23:45:00.000Z");
  expect(clashOf("cron(15 0 ? * SUN *)", "sat:23:30-sun:00:30")).toBe("2026-11-22T00:15:00.000Z");
  expect(clashOf("cron(45 0 ? * SUN *)", "sat:23:30-sun:00:30")).toBeUndefined();
  expect(clashOf("cron(45 23 ? * SUN *)", "sat:23:30-sun:00:30")).toBeUndefined();
});

test("a monthly schedule is followed until its day falls on the window's day", () => {
  expect(clashOf("cron(0 4 1 * ? *)", "mon:03:30-mon:04:30")).toBe("2027-02-01T04:00:00.000Z");
});

test("what fires more often than each two hours cannot keep off, and is not held to it", () => {
  expect(clashOf("cron(0 0/2 * * ? *)", "tue:02:00-tue:02:30")).toBe("2026-11-24T02:00:00.000Z");
  expect(clashOf("cron(0 * * * ? *)", "tue:02:00-tue:02:30")).toBeUndefined();
  expect(clashOf("cron(0/5 * * * ? *)", "tue:02:00-tue:02:30")).toBeUndefined();
  expect(clashOf("cron(0,30 2 * * ? *)", "tue:02:00-tue:02:30")).toBeUndefined();
});

test("a rate has no moment before it is deployed", () => {
  expect(clashOf("rate(7 days)", "tue:00:00-mon:23:59")).toBeUndefined();
});

test("a schedule whose years are over lies in no window, and one whose years end is followed until then", () => {
  expect(clashOf("cron(0 2 * * ? 2025)", "tue:02:00-tue:02:30")).toBeUndefined();
  expect(clashOf("cron(0 2 * * ? 2026)", "tue:02:00-tue:02:30")).toBe("2026-11-24T02:00:00.000Z");
  expect(clashOf("cron(0 2 ? * MON 2026)", "tue:02:00-tue:02:30")).toBeUndefined();
});
