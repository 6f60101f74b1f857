import { SnapshotBroken } from "./errors.ts";
import { Frame } from "./frame.ts";

/** bbolt, in which servers keep their entries, takes no longer key. https://github.com/etcd-io/bbolt/blob/main/bucket.go */
const LONGEST_KEY = 32_768;
const [VARINT, FIXED64, DELIMITED, FIXED32] = [0, 1, 2, 5];

/** Who is told of entries as they come. Views hold during the call. */
export interface Entries {
  /** The key is `bytes` from `from` to `to`. True: the value is wanted. */
  begin(bytes: Buffer, from: number, to: number): boolean;
  /** The value, whole or in pieces; not called where it is empty. `last`: nothing of it follows. */
  value(part: Buffer, last: boolean): void;
  finish(): void;
}

/**
 * Reads state.bin as it is pushed: each entry a protobuf `StorageEntry` (1 key, 2 value, 3 seal_wrap) behind its length as a varint. Fields that it
 * does not know are passed over. No entry is ever put together, so memory stays flat whatever its length. Throws {@link SnapshotBroken}.
 * https://github.com/openbao/openbao/blob/main/sdk/plugin/pb/backend.proto
 */
export class StateReader {
  readonly #entries: Entries;
  /** What the number that comes next means. */
  #expect: "length" | "tag" | "size" | "ignored" = "length";
  #number = 0;
  #scale = 1;
  /** Bytes of the present entry, and of its present field, that are still to come. */
  #left = 0;
  #inField = 0;
  #field: "key" | "value" | "other" = "other";
  /** Undefined until the entry's key is known. */
  #wanted: boolean | undefined;
  #valued = false;
  /** A key that comes in pieces. */
  #key: Frame | undefined;

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  push(bytes: Buffer): void {
    const { length } = bytes;
    for (let at = 0; at < length; ) at = this.#inField > 0 ? this.#takeField(bytes, at) : this.#takeByte(bytes, at);
  }

  end(): void {
    if (this.#expect !== "length" || this.#scale !== 1) throw broken("it ends within an entry");
  }

  #takeByte(bytes: Buffer, at: number): number {
    const byte = bytes[at] ?? 0;
    if (this.#expect !== "length" && --this.#left < 0) throw broken("a field leaves its entry");
    this.#number += (byte & 0x7f) * this.#scale;
    if (byte >= 0x80) this.#lengthen();
    else this.#takeNumber(this.#number);
    return at + 1;
  }

  #lengthen(): void {
    this.#scale *= 0x80;
    if (this.#scale > (this.#expect === "ignored" ? WIDEST : LARGEST)) throw broken("a number is too large");
  }

  #takeNumber(number: number): void {
    this.#number = 0;
    this.#scale = 1;
    if (this.#expect === "length") this.#beginEntry(number);
    else if (this.#expect === "tag") this.#takeTag(number);
    else if (this.#expect === "size") this.#beginField(number);
    else this.#finishField();
  }

  #beginEntry(length: number): void {
    if (length === 0) throw broken("an entry is empty");
    this.#left = length;
    this.#wanted = undefined;
    this.#valued = false;
    this.#expect = "tag";
  }

  #takeTag(tag: number): void {
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    this.#field = field === 1 ? "key" : field === 2 ? "value" : "other";
    if (this.#field !== "other" && type !== DELIMITED) throw broken("a key or value is of another type");
    if (type === DELIMITED) this.#expect = "size";
    else if (type === VARINT) this.#expect = "ignored";
    else if (type === FIXED64) this.#beginField(8);
    else if (type === FIXED32) this.#beginField(4);
    else throw broken("a field is of no known type");
  }

  #beginField(size: number): void {
    if (size > this.#left) throw broken("a field leaves its entry");
    if (this.#field === "key" && (size === 0 || size > LONGEST_KEY || this.#wanted !== undefined)) throw broken("a key cannot be");
    if (this.#field === "value" && (this.#wanted === undefined || this.#valued)) throw broken("a value is not where it belongs");
    this.#valued ||= this.#field === "value";
    this.#left -= size;
    this.#inField = size;
    if (size === 0) this.#finishField();
  }

  #takeField(bytes: Buffer, at: number): number {
    const to = Math.min(bytes.length, at + this.#inField);
    if (this.#field === "key") this.#takeKey(bytes, at, to);
    else if (this.#field === "value" && this.#wanted) this.#entries.value(bytes.subarray(at, to), to - at === this.#inField);
    this.#inField -= to - at;
    if (this.#inField === 0) this.#finishField();
    return to;
  }

  #takeKey(bytes: Buffer, from: number, to: number): void {
    if (!this.#key && to - from === this.#inField) {
      this.#wanted = this.#entries.begin(bytes, from, to);
      return;
    }
    this.#key ??= new Frame(this.#inField);
    this.#key.fill(bytes.subarray(from, to));
    if (!this.#key.full) return;
    this.#wanted = this.#entries.begin(this.#key.bytes, 0, this.#key.bytes.length);
    this.#key = undefined;
  }

  #finishField(): void {
    this.#expect = "tag";
    if (this.#left > 0) return;
    if (this.#wanted === undefined) throw broken("an entry has no key");
    this.#expect = "length";
    this.#entries.finish();
  }
}

/** A protobuf varint has ten bytes at most; lengths stay far below 2^49. */
const WIDEST = 2 ** 63;
const LARGEST = 2 ** 42;

const broken = (how: string) => new SnapshotBroken(`state.bin is no list of entries: ${how}`);
