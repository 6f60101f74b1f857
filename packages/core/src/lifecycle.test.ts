import fc from "fast-check";
import { expect, test } from "vitest";
import { keep } from "./keep.ts";
import { lifecycleOf } from "./lifecycle.ts";

test("one rule for each age, long tiers are archived, and nothing is unlocked before the youngest", () => {
  expect(lifecycleOf([keep.parse({}), keep.parse({ daily: 7, weekly: 20, monthly: 0 })])).toEqual({
    releases: [7, 30, 140, 372],
    archived: ["weekly", "monthly"],
    archiveAfterDays: 30,
    garbageDays: 7,
    lockDays: 7,
    noncurrentDays: 14,
    abortUploadDays: 2,
  });
});
test("without keeps nothing is released, and what is there is locked as usual", () => {
  expect(lifecycleOf([])).toMatchObject({ releases: [], archived: [], lockDays: 30 });
});
test("no lock outlives an age at which something may expire", () => {
  const any = fc.record({ daily: fc.integer({ min: 1, max: 400 }), monthly: fc.integer({ min: 0, max: 24 }) });
  fc.assert(
    fc.property(fc.array(any), (keeps) => {
      const { lockDays, garbageDays, releases } = lifecycleOf(keeps.map((each) => keep.parse(each)));
      return releases.every((days) => lockDays <= days) && garbageDays >= lockDays;
    }),
  );
});
