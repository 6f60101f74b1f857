import { expect, test } from "vitest";
import { copyPace } from "../margins.ts";
import type { Limits, Stored } from "../ports/store.ts";
import { planCopy, type Sourced, tellCopyPlan } from "./plancopy.ts";

const limits: Limits = { minPart: 1, maxPart: 100, maxParts: 100, maxObject: 1_000_000, equalParts: true, sum: "crc32c" };
const artifact = (key: string, bytes: number): Sourced => ({
  source: { key, version: "1" },
  signed: { bytes, sums: { sha256: `sha of ${key}`, crc32c: `crc of ${key}`, crc64nvme: `crc64 of ${key}` } },
});
const stored = (key: string, bytes: number, sums: Stored["sums"]): [string, Stored] => [
  key,
  { key, version: "v", bytes, sums, at: new Date(0), access: "now" },
];
const plan = (artifacts: Sourced[], standing: [string, Stored][] = [], fits = 1000) =>
  planCopy("far", artifacts, new Map(standing), { limits, fits, range: 300, part: 100 });
const does = (...all: Parameters<typeof plan>) => plan(...all).steps.map((step) => step.do);

test.each([
  ["nothing stands there", [], "stream"],
  ["the same stands there", [stored("a", 900, { crc32c: "crc of a" })], "nothing"],
  ["the same stands there, by one sum of several kinds", [stored("a", 900, { crc32: "x", md5: "y", crc64nvme: "crc64 of a" })], "nothing"],
  ["as many bytes and no sum stand there", [stored("a", 900, {})], "read back"],
  ["as many bytes and a sum that nobody signed stand there", [stored("a", 900, { md5: "y" })], "read back"],
  ["more bytes stand there", [stored("a", 901, { crc32c: "crc of a" })], "refuse"],
  ["a sum is another one", [stored("a", 900, { crc32c: "other" })], "refuse"],
  ["one of two sums is another one", [stored("a", 900, { crc32c: "crc of a", sha256: "other" })], "refuse"],
  ["the weaker of two sums is another one", [stored("a", 900, { crc32c: "other", sha256: "sha of a" })], "refuse"],
  ["something else stands there", [stored("b", 900, {})], "stream"],
] as const)("where %s: %s", (_what, standing, what) => {
  expect(does([artifact("a", 900)], [...standing])).toEqual([what]);
});

test.each([
  [1000, 1000, "stream"],
  [1001, 1000, "fan out"],
  [10_000, 1000, "fan out"],
  [10_001, 1000, "refuse"],
  [10_001, 20_000, "refuse"],
] as const)("%i bytes where a runner takes %i and the destination 10,000: %s", (bytes, fits, what) => {
  expect(does([artifact("a", bytes)], [], fits)).toEqual([what]);
});

test("what is refused says why by its name", () => {
  const { steps } = plan([artifact("a", 10_001), artifact("b", 5)], [stored("b", 4, {})]);
  expect(steps.map((step) => step.do === "refuse" && step.error.name)).toEqual(["TooLargeForStore", "CopyDiffers"]);
});

test.each([
  [1000, 0.7, "fan out"],
  [1000, 1, "refuse"],
  [10_000, 1, "fan out"],
  [10_000, 7, "fan out"],
  [10, 0.03, "refuse"],
])("a store that takes %i parts of %f TiB, which functions hold one at a time: %s", (maxParts, tebibytes, what) => {
  const scaleways: Limits = { ...limits, minPart: 5 * 2 ** 20, maxPart: 5 * 2 ** 30, maxParts, maxObject: 48 * 2 ** 40 };
  const bounds = { limits: scaleways, ...copyPace(60) };
  const { steps } = planCopy("far", [artifact("a", tebibytes * 2 ** 40)], new Map(), bounds);
  expect(steps).toMatchObject([what === "refuse" ? { do: what, error: { name: "PartTooLarge", fault: "input" } } : { do: what }]);
});

test("what is large, stands there and cannot be compared is read back by workers", () => {
  const { steps, bytes, here } = plan([artifact("a", 1001)], [stored("a", 1001, {})]);
  expect(steps).toMatchObject([{ do: "fan out", workers: 4, standing: { key: "a", version: "v" } }]);
  expect([bytes, here]).toEqual([0, false]);
});

test("one runner does all of it where what is left fits, be it to send or to read back", () => {
  const [a, b, c] = [artifact("a", 600), artifact("b", 400), artifact("c", 900)];
  const same = stored("c", 900, { crc32c: "crc of c" });
  expect(plan([a, b, c], [same])).toMatchObject({ bytes: 1000, here: true });
  expect(plan([a, b, c], [same], 999)).toMatchObject({ here: false });
  expect(plan([a, b], [stored("a", 600, {})], 999)).toMatchObject({ bytes: 400, here: false });
  expect(plan([], [])).toEqual({ steps: [], bytes: 0, here: true });
});

test("the plan can be read by people", () => {
  const standing = [stored("a", 1, { crc32c: "crc of a" }), stored("b", 2, {}), stored("e", 6, {}), stored("f", 2000, {})];
  const artifacts = [artifact("a", 1), artifact("b", 2), artifact("c", 3), artifact("d", 1500), artifact("e", 5), artifact("f", 2000)];
  expect(tellCopyPlan(plan(artifacts, standing))).toEqual([
    "a (1 bytes): stands there already, by crc32c stored",
    "b (2 bytes): stands there already and is read back, since the store keeps no sum of it",
    "c (3 bytes): sent in one stream",
    "d (1500 bytes): shared out among up to 5 workers",
    "e (5 bytes): refused: e stands in far already and is not this backup's: 6 bytes instead of 5",
    "f (2000 bytes): stands there already and is read back by up to 7 workers, since the store keeps no sum of it",
  ]);
});
