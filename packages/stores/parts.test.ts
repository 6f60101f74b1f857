import { give, type Limits, ObjectTooLarge } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, digest, inChunks } from "./contract/subject.ts";
import { equalPart, partBytes, partCount } from "./partsize.ts";
import { inFlight, inParts, partSizes } from "./parts.ts";

const mebibyte = 1_048_576;
const gibibyte = 1_024 * mebibyte;
const aws: Limits = { minPart: 5 * mebibyte, maxPart: 5 * gibibyte, maxParts: 10_000, maxObject: 50e12, equalParts: false, sum: "crc32" };
const preferred = 8 * mebibyte;
const memory = 96 * mebibyte;

const sum = (size: (n: number) => number, count: number) => Array.from({ length: count }, (_, i) => size(i + 1)).reduce((a, b) => a + b, 0);

describe("sizes of parts", () => {
  test("a stream of unknown length may have 600 GiB, and begins with small parts", () => {
    const size = partSizes("k", undefined, aws, preferred);
    expect(sum(size, 10_000)).toBeGreaterThanOrEqual(600 * gibibyte);
    expect([1, 100, 500].map(size)).toEqual([preferred, preferred, preferred]);
  });

  test("hold 96 MiB at most for what a function can send before its time is up, and one part besides the one on its way later", () => {
    const size = partSizes("k", undefined, aws, preferred);
    for (let n = 1, sent = 0; n <= 10_000; n++) {
      const held = size(n) * (inFlight(size(n), memory) + 1);
      expect(held).toBeLessThanOrEqual(sent < 80 * gibibyte ? memory : Math.max(memory, 2 * size(n)));
      sent += size(n);
    }
  });

  test("are equal from the first where the store asks for it, also for 600 GiB", () => {
    const size = partSizes("k", undefined, { ...aws, equalParts: true }, preferred);
    expect(new Set([1, 2, 500, 10_000].map(size)).size).toBe(1);
    expect(sum(size, 10_000)).toBeGreaterThanOrEqual(600 * gibibyte);
  });

  test("a known length fits the number of parts, in parts no larger than it takes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50e12 }), fc.constantFrom(1_000, 10_000), (bytes, maxParts) => {
        const limits = { ...aws, maxParts };
        if (bytes > maxParts * aws.maxPart) {
          expect(() => partSizes("k", bytes, limits, preferred)).toThrow(ObjectTooLarge);
          return;
        }
        const part = partSizes("k", bytes, limits, preferred)(1);
        expect(Math.ceil(bytes / part)).toBeLessThanOrEqual(maxParts);
        expect(part === preferred || part - mebibyte < bytes / maxParts).toBe(true);
      }),
    );
  });

  test("refuses what the store does not take", () => {
    expect(() => equalPart("k", aws.maxObject + 1, aws, preferred)).toThrow(ObjectTooLarge);
    expect(() => equalPart("k", 100, { ...aws, minPart: 1, maxPart: 9, maxParts: 11 }, 1)).toThrow(ObjectTooLarge);
    expect(equalPart("k", 99, { ...aws, minPart: 1, maxPart: 9, maxParts: 11 }, 1)).toBe(9);
  });

  test("the parts of an upload add up to it", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.integer({ min: 1, max: 100 }), (bytes, part) => {
        const upload = { key: "k", token: "t", bytes, part };
        const count = partCount(upload);
        const lengths = Array.from({ length: count }, (_, i) => partBytes(upload, i + 1));
        expect(lengths.reduce((a, b) => a + b, 0)).toBe(bytes);
        expect(() => partBytes(upload, count + 1)).toThrow(RangeError);
      }),
    );
  });

  test.each([
    [8, 4],
    [16, 4],
    [32, 2],
    [88, 1],
    [500, 1],
  ])("of %i MiB, %i are on their way at once", (part, expected) => {
    expect(inFlight(part * mebibyte, memory)).toBe(expected);
  });
});

describe("cutting a stream into parts", () => {
  test("gives back the bytes, in parts of the sizes asked for, and knows the last", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(300),
        fc.integer({ min: 1, max: 70 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        async (length, chunk, sizes) => {
          const size = (n: number) => sizes[Math.min(n, sizes.length) - 1] ?? 1;
          const { parts, free } = inParts(inChunks(bytesOf(length), chunk), size);
          const got: Uint8Array[] = [];
          let ended = false;
          for await (const { n, bytes, last } of parts) {
            expect(ended).toBe(false);
            expect(n).toBe(got.length + 1);
            if (!last) expect(bytes.length).toBe(size(n));
            got.push(new Uint8Array(bytes));
            ended = last;
            free(bytes);
          }
          expect(ended).toBe(true);
          expect(digest(Buffer.concat(got))).toBe(digest(bytesOf(length)));
          expect(got.length === 1 || (got.at(-1)?.length ?? 0) > 0).toBe(true);
        },
      ),
    );
  });

  test("frees what was given away once it is copied, and leaves what was not", async () => {
    const [given, kept] = [give(bytesOf(150)), bytesOf(50)];
    const both = async function* () {
      yield given;
      expect(given).toHaveLength(0);
      yield kept;
    };
    const got: Uint8Array[] = [];
    for await (const { bytes } of inParts(both(), () => 100).parts) got.push(bytes);
    expect(digest(Buffer.concat(got))).toBe(digest(Buffer.concat([bytesOf(150), bytesOf(50)])));
    expect(kept).toHaveLength(50);
  });

  test("uses memory that was given back, and no other", async () => {
    const { parts, free } = inParts(inChunks(bytesOf(400), 30), () => 100);
    const seen = new Set<ArrayBufferLike>();
    for await (const { bytes } of parts) {
      seen.add(bytes.buffer);
      free(bytes);
    }
    expect(seen.size).toBeLessThanOrEqual(2);
  });
});
