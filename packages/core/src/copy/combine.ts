import type { Sum } from "../ports/store.ts";

/** Sums of a whole that follow from those of its pieces and their lengths. */
export type Crc = Extract<Sum, "crc32" | "crc32c" | "crc64nvme">;
/** Some bytes, by their length and digests (lower-case hexadecimal). */
export type Piece = { bytes: number; sums: Partial<Record<Sum, string>> };

/** Reflected, so the lowest bit is the highest power. https://reveng.sourceforge.io/crc-catalogue/all.htm */
const polynomials: Record<Crc, { bits: 32 | 64; polynomial: bigint }> = {
  crc32: { bits: 32, polynomial: 0xedb88320n },
  crc32c: { bits: 32, polynomial: 0x82f63b78n },
  crc64nvme: { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};
const crcs = Object.keys(polynomials) as Crc[];

/**
 * Length and CRCs of pieces one after the other. A CRC that one of them lacks is left out; digests that are no CRC are, since they do not add up.
 * 10,000 pieces of one length take some 20 ms.
 */
export function combine(pieces: readonly Piece[]): { bytes: number; sums: Partial<Record<Crc, string>> } {
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  const common = crcs.filter((crc) => pieces.every(({ sums }) => sums[crc] !== undefined));
  return { bytes, sums: Object.fromEntries(common.map((crc) => [crc, join(crc, pieces)])) };
}

/** crc(AB) = crc(A) · x^(8 |B|) + crc(B), as polynomials over GF(2). https://github.com/madler/zlib/blob/v1.3.1/crc32.c has crc32_combine. */
function join(crc: Crc, pieces: readonly Piece[]): string {
  const { bits } = polynomials[crc];
  let [high, low] = [0, 0];
  for (const { bytes, sums } of pieces) {
    const sum = (sums[crc] ?? "").padStart(16, "0");
    const shift = shiftBy(crc, bytes);
    let [nextHigh, nextLow] = [Number.parseInt(sum.slice(0, 8), 16), Number.parseInt(sum.slice(8), 16)];
    for (let k = 0; k < bits / 8; k++) {
      const byte = ((k < 4 ? low >>> (8 * k) : high >>> (8 * k - 32)) & 0xff) + 256 * k;
      nextHigh ^= shift[2 * byte] ?? 0;
      nextLow ^= shift[2 * byte + 1] ?? 0;
    }
    [high, low] = [nextHigh, nextLow];
  }
  const hex = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
  return bits === 64 ? hex(high) + hex(low) : hex(low);
}

/** Two words for each value of each byte of a CRC: what it becomes when so many zero bytes follow. */
type Shift = Uint32Array;
const kept = new Map<string, Shift>();
/** All parts of an object have one length, but the last. */
const keptAtMost = 32;

function shiftBy(crc: Crc, bytes: number): Shift {
  const name = `${crc} ${bytes}`;
  const found = kept.get(name);
  if (found) return found;
  if (kept.size >= keptAtMost) kept.clear();
  const made = makeShift(crc, bytes);
  kept.set(name, made);
  return made;
}

function makeShift(crc: Crc, bytes: number): Shift {
  const { bits } = polynomials[crc];
  const ofBit = new Array<bigint>(bits);
  let power = zeroBytes(crc, bytes);
  for (let bit = bits - 1; bit >= 0; bit--) {
    ofBit[bit] = power;
    power = timesX(crc, power);
  }
  const shift = new Uint32Array(2 * 256 * (bits / 8));
  for (const [bit, value] of ofBit.entries()) {
    const [high, low] = [Number(value >> 32n), Number(value & 0xffff_ffffn)];
    const start = 256 * (bit >> 3);
    for (let byte = 0; byte < 256; byte++) {
      if (!(byte & (1 << (bit & 7)))) continue;
      const at = 2 * (start + byte);
      shift[at] = (shift[at] ?? 0) ^ high;
      shift[at + 1] = (shift[at + 1] ?? 0) ^ low;
    }
  }
  return shift;
}

/** x^(8 · bytes). The top bit is x^0. */
function zeroBytes(crc: Crc, bytes: number): bigint {
  const one = 1n << BigInt(polynomials[crc].bits - 1);
  let [result, power] = [one, one >> 8n];
  for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
    if (left & 1n) result = times(crc, result, power);
    power = times(crc, power, power);
  }
  return result;
}

function times(crc: Crc, a: bigint, b: bigint): bigint {
  let [product, shifted] = [0n, b];
  for (let bit = 1n << BigInt(polynomials[crc].bits - 1); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = timesX(crc, shifted);
  }
  return product;
}

const timesX = (crc: Crc, value: bigint): bigint => (value & 1n ? (value >> 1n) ^ polynomials[crc].polynomial : value >> 1n);
