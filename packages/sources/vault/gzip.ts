import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import { free, give } from "@holdfast/core";
import { ProofAbandoned, SnapshotBroken } from "./errors.ts";
import { Frame } from "./frame.ts";

/** RFC 1952: magic, method, flags, time, extra flags, system. Servers set no flag, so no optional field follows. */
const HEADER_BYTES = 10;
/** CRC-32 and length modulo 2^32 of what was compressed, both little-endian. */
const TRAILER_BYTES = 8;
/** Node's default of 16 KiB costs a round trip to the thread pool for each; on 500 MiB this took 1.1 s of CPU, 64 KiB 1.6 s. */
export const OUTPUT_BYTES = 512 * 1024;

/**
 * Inflates one gzip member that fills its stream, as it is pushed. `node:zlib`'s own Gunzip does not do: it goes on with a second member and is
 * silent about garbage after the last one.
 *
 * Throws {@link SnapshotBroken} and what `see` throws. Time, extra flags and system in the header carry no meaning and are not looked at.
 */
export class GzipReader {
  readonly #inflate: InflateRaw;
  readonly #see: (plain: Buffer) => void;
  readonly #header = new Frame(HEADER_BYTES);
  readonly #trailer = new Frame(TRAILER_BYTES);
  #stage: "header" | "data" | "trailer" | "ended" = "header";
  #given = 0;
  /** Fails the write that is under way. */
  #fail: (error: unknown) => void = () => {};
  #crc = 0;
  /** Of the compressed stream, so far. */
  bytes = 0;
  /** What came out of it, so far. */
  plainBytes = 0;

  constructor(see: (plain: Buffer) => void) {
    this.#see = see;
    this.#inflate = createInflateRaw({ chunkSize: OUTPUT_BYTES });
    this.#inflate.on("data", (plain: Buffer) => this.#show(plain));
    this.#inflate.on("error", (error) => this.#fail(new SnapshotBroken("its compression is damaged", { cause: error })));
  }

  get stage() {
    return this.#stage;
  }

  /** Resolves when `see` was shown all that comes out of the chunk; only then push the next one. */
  async push(chunk: Uint8Array): Promise<void> {
    this.bytes += chunk.length;
    let rest = chunk;
    if (this.#stage === "header") rest = this.#readHeader(rest);
    if (this.#stage === "data" && rest.length > 0) rest = await this.#readData(rest);
    if (this.#stage === "trailer") rest = this.#readTrailer(rest);
    if (rest.length > 0 && this.#stage === "ended") throw new SnapshotBroken("something follows the end of its compression");
  }

  /** What is under way rejects. */
  close(): void {
    this.#fail(new ProofAbandoned());
    this.#inflate.destroy();
  }

  #show(plain: Buffer): void {
    try {
      this.#crc = crc32(plain, this.#crc);
      this.plainBytes += plain.length;
      this.#see(plain);
      // Pieces are views of one buffer, in turn; once its end was seen nothing of it is needed. 10 MiB of RSS less than to leave it.
      if (plain.buffer.byteLength === OUTPUT_BYTES && plain.byteOffset + plain.length === OUTPUT_BYTES) free(give(plain));
    } catch (error) {
      this.#fail(error);
    }
  }

  #readHeader(chunk: Uint8Array): Uint8Array {
    const rest = chunk.subarray(this.#header.fill(chunk));
    const { bytes, full } = this.#header;
    if (!full) return rest;
    if (bytes.readUInt16BE(0) !== 0x1f8b || bytes[2] !== 8) throw new SnapshotBroken("it is not compressed with gzip");
    if (bytes[3] !== 0) throw new SnapshotBroken("its gzip header has flags that no server sets");
    this.#stage = "data";
    return rest;
  }

  /** What the inflater leaves of a chunk is the trailer's. It takes none of a trailer that begins with a chunk. */
  async #readData(chunk: Uint8Array): Promise<Uint8Array> {
    this.#given += chunk.length;
    await this.#write(chunk);
    const left = this.#given - this.#inflate.bytesWritten;
    if (left > 0) this.#stage = "trailer";
    return chunk.subarray(chunk.length - left);
  }

  /** After an error the stream's own callback never comes. */
  #write(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#inflate.write(chunk, () => resolve());
    });
  }

  #readTrailer(chunk: Uint8Array): Uint8Array {
    const rest = chunk.subarray(this.#trailer.fill(chunk));
    const { bytes, full } = this.#trailer;
    if (!full) return rest;
    if (bytes.readUInt32LE(0) !== this.#crc) throw new SnapshotBroken("its bytes differ from the checksum that gzip wrote");
    if (bytes.readUInt32LE(4) !== this.plainBytes % 2 ** 32) throw new SnapshotBroken("its length differs from the one that gzip wrote");
    this.#stage = "ended";
    return rest;
  }
}
