/**
 * A WebAssembly module that takes bytes into a CRC32C and a CRC64NVME at once, assembled here so that no opaque binary is in the tree.
 *
 * Sixteen bytes a turn ("slicing by 16"): the CRC of a block is the xor of one table entry for each of its bytes, where the state is
 * first mixed into the bytes that it covers. Entry `16 * (256 * k + b)` of the memory holds what byte `b` becomes after `k` more zero
 * bytes: 8 bytes of CRC64, 4 of CRC32C. Bytes 8 to 15 are covered by neither state, so one load and one xor serve both CRCs.
 *
 * Exports `memory` and `run(from, end)`. Opcodes: https://webassembly.github.io/spec/core/appendix/index-instructions.html
 */
export const sliceBytes = 16;
const entryBytes = 16;
export const tableBytes = sliceBytes * 256 * entryBytes;
/** The CRC64 state, 8 bytes, and behind it the CRC32C state, 4 bytes. */
export const stateAt = tableBytes;
export const inputAt = 2 * tableBytes;
/** Fits the second-level cache together with the table. */
export const inputBytes = 64 * 1024;

type Code = readonly (number | Code)[];
const flat = (code: Code): number[] => code.flatMap((part) => (typeof part === "number" ? [part] : flat(part)));

const unsigned = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >>> 7)]);
const signed = (n: number): number[] => (n >= -64 && n < 64 ? [n & 127] : [(n & 127) | 128, ...signed(n >> 7)]);

const i32 = { type: 0x7f, const: (n: number): Code => [0x41, signed(n)], add: 0x6a, and: 0x71, xor: 0x73, shl: 0x74, shr: 0x76, gtU: 0x4b };
const i64 = { type: 0x7e, const: (n: number): Code => [0x42, signed(n)], xor: 0x85, shr: 0x88, toI32: 0xa7 };
const v128 = { type: 0x7b, xor: [0xfd, 0x51], low64: [0xfd, 0x1d, 0], third32: [0xfd, 0x1b, 2] };
const load = {
  byte: (at: number): Code => [0x2d, 0, unsigned(at)],
  i32: (at: number): Code => [0x28, 0, unsigned(at)],
  i64: (at: number): Code => [0x29, 0, unsigned(at)],
  v128: (at: number): Code => [0xfd, 0x00, 0, unsigned(at)],
};
const store = { i32: (at: number): Code => [0x36, 0, unsigned(at)], i64: (at: number): Code => [0x37, 0, unsigned(at)] };

const local = { at: 0, end: 1, crc32: 2, mixed32: 3, crc64: 4, mixed64: 5, low: 6, high: 7, both: 8 };
const declared: Code = [3, 2, i32.type, 4, i64.type, 1, v128.type];
const get = (name: keyof typeof local): Code => [0x20, local[name]];
const set = (name: keyof typeof local): Code => [0x21, local[name]];

/** While at + step <= end: body; at += step. */
const whileLeft = (step: number, body: Code): Code => [
  [0x02, 0x40, 0x03, 0x40],
  [get("at"), i32.const(step), i32.add, get("end"), i32.gtU, 0x0d, 1],
  [body, get("at"), i32.const(step), i32.add, set("at"), 0x0c, 0],
  [0x0b, 0x0b],
];

const mask = 0xff * entryBytes;
/** Offset of the entry of byte `k` of a 64-bit or 32-bit local. */
const entry64 = (name: "mixed64" | "low" | "high", k: number): Code =>
  k === 0
    ? [get(name), i64.toI32, i32.const(4), i32.shl, i32.const(mask), i32.and]
    : [get(name), i64.const(8 * k - 4), i64.shr, i64.toI32, i32.const(mask), i32.and];
const entry32 = (name: "mixed32", k: number): Code => [
  get(name),
  k === 0 ? [i32.const(4), i32.shl] : [i32.const(8 * k - 4), i32.shr],
  i32.const(mask),
  i32.and,
];
/** Where entries start for byte `k` of a block: it is followed by 15 - k more. */
const table = (k: number): number => (sliceBytes - 1 - k) * 256 * entryBytes;
/** Puts all the parts on the stack and folds them into one. */
const folded = (parts: Code[], xor: number | Code): Code => parts.map((part, i) => (i === 0 ? part : [part, xor]));
const bytes = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

const block: Code = [
  [get("at"), load.i64(0), set("low"), get("at"), load.i64(8), set("high")],
  [get("low"), get("crc64"), i64.xor, set("mixed64")],
  [get("low"), i64.toI32, get("crc32"), i32.xor, set("mixed32")],
  folded(
    bytes(0, 8).map((k) => [entry64("high", k), load.v128(table(8 + k))]),
    v128.xor,
  ),
  set("both"),
  folded(
    bytes(0, 8).map((k) => [entry64("mixed64", k), load.i64(table(k))]),
    i64.xor,
  ),
  [get("both"), v128.low64, i64.xor, set("crc64")],
  folded(
    [
      ...bytes(0, 4).map((k): Code => [entry32("mixed32", k), load.i32(table(k) + 8)]),
      ...bytes(4, 8).map((k): Code => [entry64("low", k), load.i32(table(k) + 8)]),
    ],
    i32.xor,
  ),
  [get("both"), v128.third32, i32.xor, set("crc32")],
];

const entryOfNext = (state: Code): Code => [state, get("at"), load.byte(0), i32.xor, i32.const(0xff), i32.and, i32.const(4), i32.shl];
const single: Code = [
  [entryOfNext([get("crc64"), i64.toI32]), load.i64(0), get("crc64"), i64.const(8), i64.shr, i64.xor, set("crc64")],
  [entryOfNext(get("crc32")), load.i32(8), get("crc32"), i32.const(8), i32.shr, i32.xor, set("crc32")],
];

const body: Code = [
  [i32.const(0), load.i64(stateAt), set("crc64"), i32.const(0), load.i32(stateAt + 8), set("crc32")],
  [whileLeft(sliceBytes, block), whileLeft(1, single)],
  [i32.const(0), get("crc64"), store.i64(stateAt), i32.const(0), get("crc32"), store.i32(stateAt + 8)],
  0x0b,
];

const sized = (code: Code): Code => [unsigned(flat(code).length), code];
const text = (name: string): Code => [name.length, ...Buffer.from(name)];
const pages = (inputAt + inputBytes) / 65536;

export function assemble(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      [1, sized([1, 0x60, 2, i32.type, i32.type, 0])], // one type: (i32, i32) -> nothing
      [3, sized([1, 0])], // one function of it
      [5, sized([1, 0, pages])], // one memory
      [7, sized([2, text("memory"), 2, 0, text("run"), 0, 0])], // exports
      [10, sized([1, sized([declared, body])])], // its code
    ]),
  );
}
