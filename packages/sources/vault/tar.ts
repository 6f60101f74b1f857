import { SnapshotBomb, SnapshotBroken } from "./errors.ts";
import { Frame } from "./frame.ts";
import { readHeader, sizeInRecords } from "./tarheader.ts";

const BLOCK = 512;
const ZEROS = Buffer.alloc(BLOCK);
/** Of the records about one member: Go writes one of about 30 bytes. */
const MOST_RECORDS = 16 * 1024;

/** Who is told of members as they come. `data` gets views that hold during the call. */
export interface Members {
  begin(name: string, size: number): void;
  data(part: Buffer): void;
  finish(): void;
}

/**
 * Reads a tar as it is pushed: plain files, then exactly two zero blocks. Throws {@link SnapshotBroken} on anything else, and what `members`
 * throws. No library: those that exist skip what they do not understand and take any end for one.
 */
export class TarReader {
  readonly #members: Members;
  readonly #block = new Frame(BLOCK);
  #stage: "header" | "data" | "padding" | "end" | "ended" = "header";
  /** Bytes of the present stage to come. */
  #left = 0;
  #padding = 0;
  /** Records about the next member: as they come, then what they say. */
  #records: Frame | undefined;
  #extended: { size: number | undefined } | undefined;

  constructor(members: Members) {
    this.#members = members;
  }

  get ended(): boolean {
    return this.#stage === "ended";
  }

  /** True where members may end: the last one is whole, and nothing of another came. */
  get between(): boolean {
    return this.#stage === "padding" || this.#stage === "end" || (this.#stage === "header" && this.#block.filled === 0);
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) at = this.#take(chunk, at);
  }

  /** Takes one piece and returns the position after it. */
  #take(chunk: Buffer, at: number): number {
    if (this.#stage === "data") return this.#takeData(chunk, at);
    if (this.#stage === "padding") return this.#takePadding(chunk, at);
    if (this.#stage === "ended") throw new SnapshotBroken("something follows the end of its tar");
    return this.#takeBlock(chunk, at);
  }

  #takeBlock(chunk: Buffer, at: number): number {
    const to = this.#block.fill(chunk, at);
    if (!this.#block.full) return to;
    this.#block.clear();
    if (this.#block.bytes.equals(ZEROS)) this.#takeEnd();
    else this.#takeHeader();
    return to;
  }

  #takeEnd(): void {
    if (this.#extended) throw new SnapshotBroken("records of its tar belong to no member");
    this.#stage = this.#stage === "end" ? "ended" : "end";
  }

  #takeHeader(): void {
    if (this.#stage === "end") throw new SnapshotBroken("something follows the first end block of its tar");
    const { type, name, size } = readHeader(this.#block.bytes);
    if (type === "extended") this.#beginRecords(size);
    else this.#beginMember(name, this.#extended?.size ?? size);
  }

  #beginRecords(size: number): void {
    if (this.#extended) throw new SnapshotBroken("its tar has records about records");
    if (size > MOST_RECORDS) throw new SnapshotBomb(`records of its tar claim ${size} bytes`);
    this.#extended = { size: undefined };
    this.#records = new Frame(size);
    this.#expect(size);
  }

  #beginMember(name: string, size: number): void {
    this.#extended = undefined;
    this.#members.begin(name, size);
    this.#expect(size);
  }

  #expect(size: number): void {
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    this.#stage = "data";
    if (size === 0) this.#finish();
  }

  #takeData(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + this.#left);
    const part = chunk.subarray(at, to);
    if (this.#records) this.#records.fill(part);
    else this.#members.data(part);
    this.#left -= part.length;
    if (this.#left === 0) this.#finish();
    return to;
  }

  #finish(): void {
    if (this.#records) this.#extended = { size: sizeInRecords(this.#records.bytes) };
    else this.#members.finish();
    this.#records = undefined;
    this.#left = this.#padding;
    this.#stage = this.#left > 0 ? "padding" : "header";
  }

  #takePadding(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + this.#left);
    if (chunk.subarray(at, to).some((byte) => byte !== 0)) throw new SnapshotBroken("its tar is padded with something");
    this.#left -= to - at;
    if (this.#left === 0) this.#stage = "header";
    return to;
  }
}
