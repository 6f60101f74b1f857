/**
 * CRC-64/NVME: S3's CRC64NVME, and what Azure calls `x-ms-content-crc64` and sends with its least significant byte first.
 * Over "123456789" it is ae8b14860a799888 (https://reveng.sourceforge.io/crc-catalogue/17plus.htm).
 *
 * Sixteen bytes a turn: the CRC of a block is the xor of one table entry for each of its bytes, where the state is first mixed into the
 * eight that it covers. Halves of 32 bits, because BigInt is too slow for bytes.
 */
const polynomial = 0x9a6c9329ac4bc9b5n;
const block = 16;
const low = 0;
const high = 4;

/** Entry `256 * k + b`, 8 bytes each: what byte `b` becomes after `k` more zero bytes. */
let table: DataView | undefined;
function makeTable(): DataView {
  const made = new DataView(new ArrayBuffer(8 * 256 * block));
  for (let i = 0; i < 256 * block; i++) {
    const before = i < 256 ? BigInt(i) : made.getBigUint64(8 * (i - 256), true);
    made.setBigUint64(8 * i, i < 256 ? divide(before) : (before >> 8n) ^ made.getBigUint64(8 * Number(before & 0xffn), true), true);
  }
  return made;
}
function divide(byte: bigint): bigint {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
  return crc;
}

/** Of the four bytes of a word, the first of which has `after` more bytes behind it in its block: one half of their entries' xor. */
function fold(entries: DataView, word: number, after: number, half: number): number {
  const at = 2048 * after + half;
  return (
    entries.getInt32(at + ((word & 255) << 3), true) ^
    entries.getInt32(at - 2048 + ((word >>> 5) & 2040), true) ^
    entries.getInt32(at - 4096 + ((word >>> 13) & 2040), true) ^
    entries.getInt32(at - 6144 + ((word >>> 21) & 2040), true)
  );
}

/** Lower-case hexadecimal, as the ports have it. */
export function crc64(bytes: Uint8Array): string {
  table ??= makeTable();
  const t = table;
  const input = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [l, h, at] = [-1, -1, 0];
  for (; at + block <= bytes.length; at += block) {
    const a = input.getInt32(at, true) ^ l;
    const b = input.getInt32(at + 4, true) ^ h;
    const c = input.getInt32(at + 8, true);
    const d = input.getInt32(at + 12, true);
    l = fold(t, a, 15, low) ^ fold(t, b, 11, low) ^ fold(t, c, 7, low) ^ fold(t, d, 3, low);
    h = fold(t, a, 15, high) ^ fold(t, b, 11, high) ^ fold(t, c, 7, high) ^ fold(t, d, 3, high);
  }
  for (; at < bytes.length; at++) {
    const entry = ((input.getUint8(at) ^ l) & 255) << 3;
    l = ((l >>> 8) | (h << 24)) ^ t.getInt32(entry + low, true);
    h = (h >>> 8) ^ t.getInt32(entry + high, true);
  }
  return hex((BigInt(~h >>> 0) << 32n) | BigInt(~l >>> 0));
}

/** The CRC of pieces one after the other, from theirs. A run of pieces of equal length costs one multiplication each. */
export function joinCrc64(pieces: Iterable<{ crc: string; bytes: number }>): string {
  let joined = 0n;
  let [shift, shifted] = [1n << 63n, 0];
  for (const { crc, bytes } of pieces) {
    if (bytes !== shifted) [shift, shifted] = [zeroBytes(bytes), bytes];
    joined = multiply(joined, shift) ^ BigInt(`0x${crc}`);
  }
  return hex(joined);
}

/** What a CRC is multiplied by when so many zero bytes follow: x^(8 * bytes). Polynomials are reflected: the top bit is x^0. */
function zeroBytes(bytes: number): bigint {
  let [result, power] = [1n << 63n, 1n << 55n];
  for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(result, power);
    power = multiply(power, power);
  }
  return result;
}

function multiply(a: bigint, b: bigint): bigint {
  let [product, shifted] = [0n, b];
  for (let bit = 1n << 63n; bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

const hex = (crc: bigint): string => crc.toString(16).padStart(16, "0");
/** As Azure's headers have it. */
export const toWire = (crc: string): string => Buffer.from(crc, "hex").reverse().toString("base64");
