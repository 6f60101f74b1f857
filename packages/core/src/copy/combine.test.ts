import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Crcs } from "../crcs.ts";
import { combine, type Piece } from "./combine.ts";

const crcs = new Crcs();
function piece(data: Uint8Array): Piece {
  crcs.reset();
  crcs.update(data);
  return { bytes: data.length, sums: { crc32: crc32(data).toString(16).padStart(8, "0"), ...crcs.digest() } };
}
/** Cut at these places, in any order, twice the same included. */
function cut(data: Uint8Array, places: readonly number[]): Piece[] {
  const sorted = [0, ...places.map((place) => place % (data.length + 1)), data.length].toSorted((a, b) => a - b);
  return sorted.slice(1).map((to, i) => piece(data.subarray(sorted[i], to)));
}

test("pieces of any lengths, also none, have the CRCs of the whole", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.array(fc.nat(), { maxLength: 12 }), (data, places) => {
      expect(combine(cut(data, places))).toEqual(piece(data));
    }),
  );
});

test("pieces of pieces join to the same, so ranges can be joined first", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.array(fc.nat(), { maxLength: 6 }), fc.nat({ max: 7 }), (data, places, at) => {
      const pieces = cut(data, places);
      expect(combine([combine(pieces.slice(0, at)), combine(pieces.slice(at))])).toEqual(piece(data));
    }),
  );
});

test("a piece that changed, moved or is missing changes the sums", () => {
  const data = randomBytes(300);
  const [a, b, c] = cut(data, [100, 200]);
  if (!a || !b || !c) throw new Error("three pieces");
  const whole = piece(data).sums;
  const other = piece(Buffer.from(data.subarray(100, 200)).reverse());
  for (const pieces of [
    [b, a, c],
    [a, c],
    [a, other, c],
    [a, { ...b, bytes: 101 }, c],
  ])
    for (const crc of ["crc32", "crc32c", "crc64nvme"] as const) expect(combine(pieces).sums[crc]).not.toBe(whole[crc]);
});

test("lengths of terabytes shift as the definition says: a length is the sum of its halves", () => {
  const one = piece(randomBytes(9));
  const zeros = (bytes: number): Piece => ({ bytes, sums: { crc32c: "00000000", crc64nvme: "0000000000000000" } });
  const half = 2 ** 43 + 12_345;
  const whole = combine([one, zeros(2 * half)]);
  expect(whole).toEqual(combine([one, zeros(half), zeros(half)]));
  expect(whole.bytes).toBe(2 * half + 9);
  expect(whole.sums.crc64nvme).not.toBe(one.sums.crc64nvme);
});

test("a sum that one piece lacks is left out, and digests that do not add up are", () => {
  const [a, b] = [piece(Buffer.from("a")), piece(Buffer.from("b"))];
  const { crc32: _, ...less } = b.sums;
  expect(
    Object.keys(
      combine([
        { ...a, sums: { ...a.sums, sha256: "0" } },
        { bytes: 1, sums: { ...less, sha256: "0" } },
      ]).sums,
    ),
  ).toEqual(["crc32c", "crc64nvme"]);
});

test("nothing has sums of zeros", () => {
  expect(combine([])).toEqual(piece(new Uint8Array()));
});

test("ten thousand parts take some tens of milliseconds", () => {
  const parts = Array.from({ length: 10_000 }, () => ({ bytes: 67_108_864, sums: { crc32c: "e3069283", crc64nvme: "ae8b14860a799888" } }));
  // This thread's own time: a machine that is busy gives it little of the time that goes by.
  const from = process.threadCpuUsage();
  combine(parts);
  const { user } = process.threadCpuUsage(from);
  expect(user / 1000).toBeLessThan(400); // matrices built for each part take seconds
});
