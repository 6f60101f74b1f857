import { expect, test } from "vitest";
import { isIn } from "./window.ts";

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
