/** A few bytes that may come in pieces: a header, a trailer, a small file. */
export class Frame {
  readonly bytes: Buffer;
  #filled = 0;

  constructor(length: number) {
    this.bytes = Buffer.alloc(length);
  }

  get filled(): number {
    return this.#filled;
  }

  get full(): boolean {
    return this.#filled === this.bytes.length;
  }

  /** Takes what it lacks from `chunk`, from position `at` on, and returns the position after it. */
  fill(chunk: Uint8Array, at = 0): number {
    const to = Math.min(chunk.length, at + this.bytes.length - this.#filled);
    this.bytes.set(chunk.subarray(at, to), this.#filled);
    this.#filled += to - at;
    return to;
  }

  /** Begins anew. */
  clear(): void {
    this.#filled = 0;
  }
}
