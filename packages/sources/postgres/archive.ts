import { ByteQueue, type More } from "./bytequeue.ts";

/** Is shown bytes `from` up to but without `to`. */
type See = (bytes: Uint8Array, from: number, to: number) => void;

/** What stands in a custom-format archive, found by reading it to its last byte. */
export type Archive = {
  /** `1.16`. */
  version: string;
  entries: number;
  /** Rows of each TABLE DATA entry, by the table's oid at the source. */
  rows: ReadonlyMap<number, number>;
  sequences: number;
  largeObjects: number;
};

/** The archive breaks its format; the message has positions and nothing of its content. */
export class FormatBroken extends Error {
  override readonly name = "FormatBroken";
}
/** A version of the format that this reader does not know: says nothing about the archive. */
export class FormatUnknown extends Error {
  override readonly name = "FormatUnknown";
}

/** 1.14 is PostgreSQL 12 to 15, 1.15 is 16, 1.16 is 17 and 18 (pg_backup_archiver.h, K_VERS_1_14 and following). */
const VERSIONS = ["1.14", "1.15", "1.16"];
const CUSTOM = 1;
const DATA = 1;
const BLOBS = 3;
/** Names are at most 63 bytes, numbers 10; anything longer is a definition, which nobody here needs. */
const SHORT = 1024;
/** pg_dump ends COPY data so (dumpTableData_copy in pg_dump.c). */
const END_OF_COPY = Buffer.from("\\.\n\n\n");

/**
 * Reads an uncompressed custom-format archive as it streams by, in flat memory, and counts the rows in it. A second opinion beside pg_restore,
 * which reads such an archive but neither counts nor notices what follows its last block. Written after pg_backup_archiver.c and pg_backup_custom.c.
 */
export class ArchiveReader {
  readonly #queue = new ByteQueue();
  readonly #rows = new Map<number, number>();
  readonly #tables = new Map<number, number>();
  readonly #parsing: Generator<More, void>;
  #done = false;
  #version = "";
  #entries = 0;
  #sequences = 0;
  #largeObjects = 0;
  #intBytes = 4;
  #offsetBytes = 8;

  constructor() {
    this.#parsing = this.#parse();
  }

  /** Keeps no view of the chunk. Throws {@link FormatBroken}, {@link FormatUnknown}. */
  push(chunk: Uint8Array): void {
    if (this.#done) throw new FormatBroken(`has bytes after its end at byte ${this.#queue.position}`);
    this.#queue.push(chunk);
    this.#done = this.#parsing.next().done === true;
    if (this.#done && this.#queue.length > 0) throw new FormatBroken(`has bytes after its end at byte ${this.#queue.position}`);
    this.#queue.keep();
  }

  /** To be asked after the last byte. Throws {@link FormatBroken} where more should have come. */
  end(): Archive {
    if (!this.#done) throw new FormatBroken(`ends too early, at byte ${this.#queue.position + this.#queue.length}`);
    return {
      version: this.#version,
      entries: this.#entries,
      rows: this.#rows,
      sequences: this.#sequences,
      largeObjects: this.#largeObjects,
    };
  }

  *#parse(): Generator<More, void> {
    yield* this.#head();
    this.#entries = yield* this.#count();
    let blocks = 0;
    for (let i = 0; i < this.#entries; i++) if (yield* this.#entry()) blocks++;
    for (let i = 0; i < blocks; i++) yield* this.#block();
  }

  *#head(): Generator<More, void> {
    if (Buffer.from(yield* this.#queue.take(5)).toString("latin1") !== "PGDMP") throw new FormatBroken("is no archive");
    const [major, minor] = yield* this.#queue.take(3);
    this.#version = `${major}.${minor}`;
    if (!VERSIONS.includes(this.#version)) throw new FormatUnknown(`has format ${this.#version}`);
    const [intBytes = 0, offsetBytes = 0, format] = yield* this.#queue.take(3);
    if (format !== CUSTOM || intBytes !== 4 || offsetBytes !== 8) throw new FormatBroken("is no archive in the custom format");
    this.#intBytes = intBytes;
    this.#offsetBytes = offsetBytes;
    const compression = this.#isAtLeast("1.15") ? ((yield* this.#queue.take(1))[0] ?? 0) : yield* this.#int();
    if (compression !== 0) throw new FormatUnknown("is compressed");
    const DATE_PARTS = 7;
    for (let i = 0; i < DATE_PARTS; i++) yield* this.#int();
    const NAME_AND_VERSIONS = 3;
    for (let i = 0; i < NAME_AND_VERSIONS; i++) yield* this.#text();
  }

  /** One line of the table of contents; true where data follows for it. */
  *#entry(): Generator<More, boolean> {
    const id = yield* this.#int();
    const hasData = (yield* this.#int()) !== 0;
    yield* this.#text();
    const oid = Number(yield* this.#text());
    yield* this.#text();
    const what = yield* this.#text();
    yield* this.#int();
    const UP_TO_TABLESPACE = 5;
    for (let i = 0; i < UP_TO_TABLESPACE; i++) yield* this.#text();
    yield* this.#text();
    if (this.#isAtLeast("1.16")) yield* this.#int();
    yield* this.#text();
    yield* this.#text();
    while ((yield* this.#text()) !== undefined);
    yield* this.#queue.take(1 + this.#offsetBytes);
    if (what === "SEQUENCE SET") this.#sequences++;
    if (what === "TABLE DATA") this.#tables.set(id, oid);
    return hasData;
  }

  *#block(): Generator<More, void> {
    const at = this.#queue.position;
    const [type] = yield* this.#queue.take(1);
    const id = yield* this.#int();
    if (type === BLOBS) yield* this.#blobs();
    else if (type === DATA) yield* this.#data(id, at);
    else throw new FormatBroken(`has a block of unknown type ${type} at byte ${at}`);
  }

  *#data(id: number, at: number): Generator<More, void> {
    const oid = this.#tables.get(id);
    if (oid === undefined) throw new FormatBroken(`has data at byte ${at} that its contents do not list`);
    if (this.#rows.has(oid)) throw new FormatBroken(`has the same table twice, the second time at byte ${at}`);
    const counter = new LineCounter();
    yield* this.#pieces((bytes, from, to) => counter.see(bytes, from, to));
    if (!counter.endsWell()) throw new FormatBroken(`has a table whose data does not end, at byte ${this.#queue.position}`);
    this.#rows.set(oid, counter.lines - LINES_OF_END);
  }

  *#blobs(): Generator<More, void> {
    while ((yield* this.#int()) !== 0) {
      this.#largeObjects++;
      yield* this.#pieces(() => {});
    }
  }

  /** Pieces of one entry's data, each with its length before it, up to one of length 0. Up to PostgreSQL 17 each row is a piece. */
  *#pieces(see: See): Generator<More, void> {
    for (;;) {
      this.#wholePieces(see);
      const length = yield* this.#count();
      if (length === 0) return;
      yield* this.#queue.pass(length, (part) => see(part, 0, part.length));
    }
  }

  /** Those that stand whole in the chunk at hand, without the cost of waiting for each. */
  #wholePieces(see: See): void {
    const chunk = this.#queue.peek();
    let at = 0;
    for (;;) {
      const start = at + 1 + 4;
      if (start > chunk.length || chunk[at] !== 0) break;
      const length =
        ((chunk[at + 1] ?? 0) | ((chunk[at + 2] ?? 0) << 8) | ((chunk[at + 3] ?? 0) << 16) | ((chunk[at + 4] ?? 0) << 24)) >>> 0;
      if (length === 0 || start + length > chunk.length) break;
      see(chunk, start, start + length);
      at = start + length;
    }
    if (at > 0) this.#queue.some(at);
  }

  /** A number with its sign in front. */
  *#int(): Generator<More, number> {
    const bytes = yield* this.#queue.take(1 + this.#intBytes);
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32LE(1);
    return bytes[0] === 0 ? value : -value;
  }

  *#count(): Generator<More, number> {
    const value = yield* this.#int();
    if (value < 0) throw new FormatBroken(`has a negative length at byte ${this.#queue.position}`);
    return value;
  }

  /** A text, or undefined for none. What is long is passed over and given as empty. */
  *#text(): Generator<More, string | undefined> {
    const length = yield* this.#int();
    if (length < 0) return undefined;
    if (length <= SHORT) return Buffer.from(yield* this.#queue.take(length)).toString();
    yield* this.#queue.pass(length);
    return "";
  }

  #isAtLeast(version: string): boolean {
    return VERSIONS.indexOf(this.#version) >= VERSIONS.indexOf(version);
  }
}

/** The end-of-data marker takes three lines. */
const LINES_OF_END = 3;
const NEWLINE = 10;
/** From this length on a search, which looks at many bytes at once but costs a call for each hit, beats a loop. */
const LONG = 512;

/** Counts line ends. In COPY's text format a line is a row: a line end inside a value is written `\n`. */
export class LineCounter {
  lines = 0;
  /** The last five bytes, the older one apart. */
  #older = 0;
  #last = 0;

  see(bytes: Uint8Array, from: number, to: number): void {
    this.lines += to - from < LONG ? countByLoop(bytes, from, to) : countBySearch(bytes, from, to);
    for (let at = Math.max(from, to - END_OF_COPY.length); at < to; at++) {
      this.#older = this.#last >>> 24;
      this.#last = (this.#last << 8) | (bytes[at] ?? 0);
    }
  }

  endsWell(): boolean {
    return this.#older === END_OF_COPY[0] && this.#last === END_OF_COPY.readInt32BE(1);
  }
}

function countByLoop(bytes: Uint8Array, from: number, to: number): number {
  let lines = 0;
  for (let at = from; at < to; at++) if (bytes[at] === NEWLINE) lines++;
  return lines;
}

function countBySearch(bytes: Uint8Array, from: number, to: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
