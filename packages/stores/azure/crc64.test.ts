import fc from "fast-check";
import { expect, test } from "vitest";
import { crc64, joinCrc64, toWire } from "./crc64.ts";

/** Bit by bit, as the polynomial says. */
function slowly(bytes: Uint8Array): string {
  let crc = 0xffff_ffff_ffff_ffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  }
  return (crc ^ 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, "0");
}
const bytes = fc.uint8Array({ maxLength: 100 });

test("is CRC-64/NVME by its check value, which Azure sends from its least significant byte", () => {
  const check = crc64(Buffer.from("123456789"));
  expect(check).toBe("ae8b14860a799888");
  expect(Buffer.from(toWire(check), "base64").toString("hex")).toBe("8898790a86148bae");
});

test("is what the polynomial says, for every length and place in memory", () => {
  fc.assert(fc.property(bytes, fc.nat(20), (all, from) => void expect(crc64(all.subarray(from))).toBe(slowly(all.subarray(from)))));
});

test("those of pieces join to that of the whole, whatever their lengths", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), (pieces) => {
      const joined = joinCrc64(pieces.map((piece) => ({ crc: crc64(piece), bytes: piece.length })));
      expect(joined).toBe(slowly(Buffer.concat(pieces)));
    }),
  );
});

test("joins pieces that are larger than 4 GiB together: zeros behind a byte can be left out two ways", () => {
  const zeros = crc64(Buffer.alloc(1 << 20));
  const each = Array.from({ length: 8_192 }, () => ({ crc: zeros, bytes: 1 << 20 }));
  const half = joinCrc64(each.slice(0, 4_096));
  expect(joinCrc64(each)).toBe(
    joinCrc64([
      { crc: half, bytes: 2 ** 32 },
      { crc: half, bytes: 2 ** 32 },
    ]),
  );
});
