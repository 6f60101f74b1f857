import type { Item } from "./snapshotentries.ts";

const CHUNK = 256 * 1024;

/** Bytes of state.bin that hold these entries. */
export function stateSize(items: Iterable<Item>): number {
  let size = 0;
  for (const item of items) size += varintLength(bodyLength(item)) + bodyLength(item);
  return size;
}

/** state.bin: each entry a `StorageEntry` behind its length. In chunks that are never used again. */
export function* stateOf(items: Iterable<Item>): Generator<Buffer> {
  let chunk = Buffer.allocUnsafeSlow(CHUNK);
  let at = 0;
  for (const item of items) {
    const length = bodyLength(item);
    if (at + length + 10 > chunk.length) {
      yield chunk.subarray(0, at);
      chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK, length + 10));
      at = 0;
    }
    at = writeEntry(chunk, at, item, length);
  }
  yield chunk.subarray(0, at);
}

function writeEntry(into: Buffer, from: number, { key, value, wrap }: Item, length: number): number {
  let at = writeVarint(into, from, length);
  into[at++] = KEY;
  at = writeVarint(into, at, key.length);
  at += into.write(key, at, "latin1");
  if (value.length > 0) {
    into[at++] = VALUE;
    at = writeVarint(into, at, value.length);
    at += value.copy(into, at);
  }
  if (wrap) at += into.write("\x18\x01", at, "latin1");
  return at;
}
const KEY = 0x0a;
const VALUE = 0x12;

function bodyLength({ key, value, wrap }: Item): number {
  const valued = value.length === 0 ? 0 : 1 + varintLength(value.length) + value.length;
  return 1 + varintLength(key.length) + key.length + valued + (wrap ? 2 : 0);
}

function varintLength(number: number): number {
  let length = 1;
  for (let rest = number; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

function writeVarint(into: Buffer, from: number, number: number): number {
  let at = from;
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) into[at++] = (rest % 128) + 128;
  into[at++] = rest;
  return at;
}
