import { ObjectTooLarge } from "@holdfast/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mebibyte } from "../partsize.ts";
import { always } from "./kit/world.ts";
import { now, atOnce, usual } from "./kit/subject.ts";
import { azureStore } from "./azure.ts";
import { blockSize } from "./blocksize.ts";

const { limits } = azureStore({
  endpoint: "http://127.0.0.1:1/a",
  container: "c",
  credential: always("t"),
  now,
  wait: atOnce,
  ...usual,
}).ranges;
const azure = { limits, part: 8 * mebibyte };
const blocksOf = (bytes: number) => Math.ceil(bytes / blockSize("k", bytes, azure));
/** Beside the parts: that it was begun, that it was aborted, what had to be refused. */
const others = 3;

test("three attempts at one object, whatever its size, wait under one name without coming to 100,000 blocks", () => {
  const sizes = fc.double({ min: 0, max: Math.log(limits.maxObject), noNaN: true }).map((log) => Math.floor(Math.exp(log)));
  fc.assert(fc.property(sizes, (bytes) => void expect(3 * (blocksOf(bytes) + others)).toBeLessThan(100_000)));
  expect(3 * (blocksOf(limits.maxObject) + others)).toBeLessThan(100_000);
  expect(() => blocksOf(limits.maxObject + 1)).toThrow(ObjectTooLarge);
});

test.each([
  [1, 8],
  [100, 8],
  [400, 26],
  [1_000, 64],
  [2_000, 64],
  [4_000, 125],
  [8_000, 249],
])("of %i GiB, blocks have %i MiB, so that a worker can hold one", (gibibytes, mebibytes) => {
  expect(blockSize("k", gibibytes * 1_024 * mebibyte, azure) / mebibyte).toBe(mebibytes);
});

test("up to a tebibyte six attempts fit", () => {
  for (const gibibytes of [124, 125, 126, 300, 800, 1_000])
    expect(6 * (blocksOf(gibibytes * 1_024 * mebibyte) + others)).toBeLessThan(100_000);
});
