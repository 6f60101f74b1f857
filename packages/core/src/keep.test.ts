import { describe, expect, test } from "vitest";
import { expiryDays, type Keep, keep, tierDays, tiers } from "./keep.ts";
import { archiveFromDays, lambdaFits } from "./margins.ts";

const usual = keep.parse({});

describe("what is kept", () => {
  test("is the field's habit unless a plan says otherwise", () => {
    expect(usual).toEqual({ daily: 30, weekly: 0, monthly: 12, yearly: 0, minimum: 7 });
  });
  test("counts the longest day, week, month and year, so that twelve months are never eleven", () => {
    const each: Keep = { daily: 2, weekly: 2, monthly: 2, yearly: 2, minimum: 1 };
    expect(tiers.map((tier) => tierDays(each, tier))).toEqual([2, 14, 62, 732]);
  });
  test("needs one lifecycle rule for each age at which something may go, and no other", () => {
    expect(expiryDays([usual])).toEqual([30, 372]);
    expect(expiryDays([usual, { ...usual, daily: 10, monthly: 0, weekly: 4 }, usual])).toEqual([10, 28, 30, 372]);
    expect(expiryDays([])).toEqual([]);
  });
  test.each([{ daily: 0 }, { minimum: 0 }, { minimum: 101 }, { monthly: -1 }, { yearly: 1.5 }, { hourly: 1 }, { daily: 3651 }])(
    "is never %j",
    (wrong) => {
      expect(keep.safeParse(wrong).success).toBe(false);
    },
  );
});

test("an archive that would cost more than it saves is not used: Glacier bills 90 days at least", () => {
  expect(archiveFromDays).toBe(120);
  expect(tierDays(usual, "daily")).toBeLessThan(archiveFromDays);
  expect(tierDays(usual, "monthly")).toBeGreaterThanOrEqual(archiveFromDays);
});

test("a Lambda fits what it can do in two thirds of its fifteen minutes", () => {
  expect(lambdaFits("read")).toBe(60 * 1024 * 1024 * 600);
  expect(lambdaFits("restore")).toBe(8 * 1024 * 1024 * 600);
});
