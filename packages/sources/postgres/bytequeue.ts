/** Thrown inside a parser that wants more than there is; the caller gives more and goes on where it stopped. */
export type More = undefined;

/** Bytes that were pushed and not yet taken. Parsers are generators that yield when they want more. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Position in the whole stream. */
  position = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** Copies what is left, so that whoever pushed it may use its memory again. */
  keep(): void {
    this.#chunks = this.#chunks.map((chunk) => new Uint8Array(chunk));
  }

  /** Waits for `bytes` and takes them; small amounts only, since they may be put together from several chunks. */
  *take(bytes: number): Generator<More, Uint8Array> {
    while (this.#length < bytes) yield;
    const first = this.#chunks[0];
    if (first && first.length >= bytes) return this.#cut(first, bytes);
    const whole = new Uint8Array(bytes);
    for (let at = 0; at < bytes; ) {
      const part = this.some(bytes - at);
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** Takes what is at hand without waiting, at most `most` bytes, from one chunk; empty when there is nothing. */
  some(most: number): Uint8Array {
    const [first] = this.#chunks;
    return first ? this.#cut(first, Math.min(most, first.length)) : NOTHING;
  }

  /** Waits for and passes over `bytes`, however many, handing them to `see` as they come. */
  *pass(bytes: number, see: (part: Uint8Array) => void = () => {}): Generator<More, void> {
    for (let left = bytes; left > 0; ) {
      if (this.#length === 0) yield;
      const part = this.some(left);
      if (part.length > 0) see(part);
      left -= part.length;
    }
  }

  /** The chunk at hand, to be looked at in place; {@link some} takes from it. */
  peek(): Uint8Array {
    return this.#chunks[0] ?? NOTHING;
  }

  #cut(first: Uint8Array, bytes: number): Uint8Array {
    if (bytes === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(bytes);
    this.#length -= bytes;
    this.position += bytes;
    return first.subarray(0, bytes);
  }
}

const NOTHING = new Uint8Array(0);
