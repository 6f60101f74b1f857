import { describe, expect, test } from "vitest";
import { type LifecycleObject, type LifecycleRule, lifecycle } from "../kit/lifecycle.ts";

const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({ id: "rule", status: "Enabled", filter: {}, ...more });
const object = (more: Partial<LifecycleObject> = {}): LifecycleObject => ({
  key: "a",
  createdAt: new Date("2014-01-15T10:30Z"),
  tags: {},
  bytes: 1_000_000,
  ...more,
});
const does = (rules: LifecycleRule[], of: LifecycleObject, now: string) => lifecycle(rules, [of], new Date(now)).map((action) => action.do);
const tag = (key: string, value: string) => ({ filter: { tag: { key, value } } });

describe("days", () => {
  const expires = rule({ expiration: { days: 3 } });
  test("count from creation and round up to the next midnight, as in AWS's own example", () => {
    expect(does([expires], object(), "2014-01-18T23:59:59Z")).toEqual([]);
    expect(does([expires], object(), "2014-01-19T00:00:00Z")).toEqual(["hide"]);
  });
  test("of noncurrent versions count from when they ceased to be the newest", () => {
    const rules = [rule({ noncurrentVersionExpiration: { noncurrentDays: 14 } })];
    const of = object({ noncurrentSince: new Date("2014-03-01T12:00Z") });
    expect(does(rules, of, "2014-03-15T23:00Z")).toEqual([]);
    expect(does(rules, of, "2014-03-16T00:00Z")).toEqual(["remove"]);
    expect(does(rules, object(), "2015-01-01T00:00Z")).toEqual([]);
    expect(does([expires], of, "2015-01-01T00:00Z")).toEqual([]);
  });
});

describe("locks", () => {
  test("keep a version from being removed, and a key from nothing", () => {
    const rules = [rule({ expiration: { days: 1 }, noncurrentVersionExpiration: { noncurrentDays: 1 } })];
    const lockedUntil = new Date("2014-06-01T00:00Z");
    expect(does(rules, object({ lockedUntil }), "2014-02-01T00:00Z")).toEqual(["hide"]);
    const hidden = object({ lockedUntil, noncurrentSince: new Date("2014-02-01T00:00Z") });
    expect(does(rules, hidden, "2014-05-31T00:00Z")).toEqual([]);
    expect(does(rules, hidden, "2014-06-01T00:00Z")).toEqual(["remove"]);
  });
});

describe("filters", () => {
  const later = "2015-01-01T00:00Z";
  test.each<[string, LifecycleRule["filter"], Partial<LifecycleObject>, boolean]>([
    ["none", undefined, {}, true],
    ["empty", {}, {}, true],
    ["an empty prefix", { prefix: "" }, {}, true],
    ["a prefix that fits", { prefix: "backups/" }, { key: "backups/x" }, true],
    ["a prefix that does not", { prefix: "backups/" }, { key: "evidence/x" }, false],
    ["a tag that is there", { tag: { key: "release", value: "30d" } }, { tags: { release: "30d", tier: "monthly" } }, true],
    ["a tag of another value", { tag: { key: "release", value: "30d" } }, { tags: { release: "372d" } }, false],
    ["a tag that is not there", { tag: { key: "release", value: "30d" } }, { tags: undefined }, false],
    ["all of several", { and: { prefix: "b", tags: { x: "1", y: "2" } } }, { key: "b", tags: { x: "1", y: "2" } }, true],
    ["all but one of several", { and: { prefix: "b", tags: { x: "1", y: "2" } } }, { key: "b", tags: { x: "1" } }, false],
    ["all but the prefix", { and: { prefix: "b", tags: { x: "1" } } }, { key: "a", tags: { x: "1" } }, false],
    ["a size above", { objectSizeGreaterThan: 10 }, { bytes: 10 }, false],
    ["a size below", { and: { objectSizeLessThan: 10 } }, { bytes: 9 }, true],
  ])("%s", (_what, filter, of, fits) => {
    expect(does([rule({ filter, expiration: { days: 1 } })], object(of), later)).toEqual(fits ? ["hide"] : []);
  });
  test("a rule that is switched off does nothing", () => {
    expect(does([rule({ status: "Disabled", expiration: { days: 1 } })], object(), later)).toEqual([]);
  });
});

describe("moves", () => {
  const moves = rule({ ...tag("tier", "monthly"), transitions: [{ days: 30, storageClass: "GLACIER" }] });
  const tags = { tier: "monthly" };
  test("go to the class once, after the days, and never for what is small", () => {
    expect(lifecycle([moves], [object({ tags })], new Date("2014-02-15T00:00Z"))).toMatchObject([
      { do: "archive", to: "GLACIER", rule: "rule" },
    ]);
    expect(does([moves], object({ tags }), "2014-02-14T23:00Z")).toEqual([]);
    expect(does([moves], object({ tags, storageClass: "GLACIER" }), "2014-03-15T00:00Z")).toEqual([]);
    expect(does([moves], object({ tags, bytes: 131_071 }), "2014-03-15T00:00Z")).toEqual([]);
    const sized = { ...moves, filter: { and: { tags, objectSizeGreaterThan: 0 } } };
    expect(does([sized], object({ tags, bytes: 100 }), "2014-03-15T00:00Z")).toEqual(["archive"]);
  });
  test("yield to a deletion of the same day", () => {
    expect(does([moves, rule({ id: "other", expiration: { days: 30 } })], object({ tags }), "2014-03-15T00:00Z")).toEqual(["hide"]);
  });
});

describe("uploads and delete markers", () => {
  const keeping = rule({ abortIncompleteMultipartUpload: { daysAfterInitiation: 2 }, expiration: { expiredObjectDeleteMarker: true } });
  test("uploads end after their days, and nothing else with them", () => {
    expect(does([keeping], object({ kind: "upload" }), "2014-01-17T23:00Z")).toEqual([]);
    expect(does([keeping], object({ kind: "upload" }), "2014-01-18T00:00Z")).toEqual(["abort"]);
    expect(does([keeping], object(), "2015-01-01T00:00Z")).toEqual([]);
  });
  test("a marker goes when nothing lies under it", () => {
    expect(does([keeping], object({ kind: "marker", alone: false }), "2015-01-01T00:00Z")).toEqual([]);
    expect(does([keeping], object({ kind: "marker", alone: true }), "2015-01-01T00:00Z")).toEqual(["remove"]);
  });
});

test.each<[string, Partial<LifecycleRule>]>([
  ["uploads have no tags", { ...tag("a", "b"), abortIncompleteMultipartUpload: { daysAfterInitiation: 1 } }],
  ["delete markers have no tags", { ...tag("a", "b"), expiration: { expiredObjectDeleteMarker: true } }],
  ["exclude each other", { expiration: { days: 1, expiredObjectDeleteMarker: true } }],
  ['needs "and"', { filter: { prefix: "a", tag: { key: "a", value: "b" } } }],
  ["dates are not", { expiration: { date: "2026-01-01" } }],
  ["counts are not", { noncurrentVersionExpiration: { noncurrentDays: 1, newerNoncurrentVersions: 2 } }],
  ["status is", { status: "on" }],
])("a rule that AWS or this evaluator does not take is refused: %s", (message, more) => {
  expect(() => lifecycle([rule(more)], [], new Date(0))).toThrow(message);
});
