import { type Bytes, free } from "@holdfast/core";

const nothing = new Uint8Array(0);

/**
 * Reads a stream in pieces of the reader's choice. Each byte is copied at most once, whatever the sizes of the chunks that come in; what
 * was given away is freed as soon as it is copied.
 * Close it, also after an error: that returns the source's iterator, so that its producer stops.
 */
export class Reader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = nothing;
  /** What the source handed out, of which {@link #chunk} is left. */
  #whole: Uint8Array = nothing;
  #ended = false;

  constructor(bytes: Bytes) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  /** True when no byte is left; waits for the next one to know. */
  async atEnd(): Promise<boolean> {
    while (this.#chunk.length === 0 && !this.#ended) {
      const next = await this.#source.next();
      if (next.done) this.#ended = true;
      else this.#chunk = this.#whole = next.value;
    }
    return this.#chunk.length === 0;
  }

  /** Fills `into` and returns how many bytes it got: fewer than its length only at the end. */
  async fill(into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length && (this.#chunk.length > 0 || !(await this.atEnd()))) {
      const piece = this.#chunk.subarray(0, into.length - filled);
      into.set(piece, filled);
      filled += piece.length;
      this.#chunk = this.#chunk.subarray(piece.length);
      if (this.#chunk.length === 0) free(this.#whole);
    }
    return filled;
  }

  /** What is at hand, else the next chunk, uncopied; undefined at the end. */
  async chunk(): Promise<Uint8Array | undefined> {
    if (await this.atEnd()) return undefined;
    const chunk = this.#chunk;
    this.#chunk = this.#whole = nothing;
    return chunk;
  }

  /** Gives back the tail of what {@link chunk} handed out; it is what comes next. */
  putBack(tail: Uint8Array): void {
    this.#chunk = Buffer.concat([tail, this.#chunk]);
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#source.return?.();
  }
}
