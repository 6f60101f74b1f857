import type { Mark } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accessOf, asFields, markOf, sumsOf, tagsOf } from "./stored.ts";

describe("what S3 tells of an object", () => {
  test("marks come back from tags as they were", () => {
    const days = fc.nat(9_999).map((n): `${number}d` => `${n}d`);
    const mark = fc.record(
      { release: days, tier: fc.stringMatching(/^[a-z]{1,10}$/), garbage: fc.constant(true as const) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(mark, (given) => {
        expect(markOf(tagsOf(given as Mark))).toEqual(Object.keys(given).length > 0 ? given : undefined);
      }),
    );
  });

  test("other people's tags, and ours with a value that is none, are no mark", () => {
    expect(
      markOf([
        { Key: "team", Value: "a" },
        { Key: "release", Value: "soon" },
        { Key: "garbage", Value: "no" },
      ]),
    ).toBeUndefined();
    expect(markOf(undefined)).toBeUndefined();
  });

  test("digests are those of the whole object, in hexadecimal", () => {
    expect(sumsOf({ ChecksumCRC32: "NhCmhg==", ChecksumType: "FULL_OBJECT" })).toEqual({ crc32: "3610a686" });
    expect(sumsOf({ ChecksumCRC64NVME: "M3eFcAZSQlc=" })).toEqual({ crc64nvme: "3377857006524257" });
    expect(sumsOf({ ChecksumCRC32: "NhCmhg==", ChecksumType: "COMPOSITE" })).toEqual({});
    expect(sumsOf({ ChecksumCRC64NVME: "HntXgImJEJs=-2" })).toEqual({});
    expect(asFields({ crc32: "3610a686" })).toEqual({ ChecksumCRC32: "NhCmhg==" });
  });

  test.each([
    [undefined, undefined, undefined, "now"],
    ["STANDARD", undefined, undefined, "now"],
    ["GLACIER_IR", undefined, undefined, "now"],
    ["GLACIER", undefined, undefined, "archived"],
    ["DEEP_ARCHIVE", undefined, undefined, "archived"],
    ["INTELLIGENT_TIERING", undefined, "ARCHIVE_ACCESS", "archived"],
    ["GLACIER", 'ongoing-request="true"', undefined, "thawing"],
    ["GLACIER", 'ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"', undefined, "now"],
  ])("an object in %s with restore %s and archive %s is %s", (storageClass, restore, archive, access) => {
    expect(accessOf(storageClass, restore, archive)).toBe(access);
  });
});
