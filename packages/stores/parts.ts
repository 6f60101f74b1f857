import { type Bytes, free, type Limits } from "@holdfast/core";
import { equalPart, mebibyte } from "./partsize.ts";

/**
 * How large the parts of a stream of unknown length are: small at first, so that most backups need little memory, larger the longer it
 * gets, so that 600 GiB fit into 10,000 parts. What a function can send before its time is up (some 60 GiB) never comes to the largest.
 * Shares are of the number of parts that the store takes.
 */
const growth = [
  { share: 0.1, times: 1 },
  { share: 0.1, times: 2 },
  { share: 0.2, times: 4 },
];
const grown = { times: 11, atLeast: 88 * mebibyte };
/** Bytes that a stream of unknown length may always have, where the store takes parts of equal size only. */
const unknownLength = 600 * 1024 * mebibyte;

/** The size of part `n`, from 1. Throws {@link ObjectTooLarge}. */
export function partSizes(key: string, size: number | undefined, limits: Limits, preferred: number): (n: number) => number {
  if (size !== undefined || limits.equalParts) {
    const part = equalPart(key, size ?? unknownLength, limits, preferred);
    return () => part;
  }
  return (n) => {
    let upTo = 0;
    for (const { share, times } of growth) {
      upTo += share * limits.maxParts;
      if (n <= upTo) return preferred * times;
    }
    return Math.max(preferred * grown.times, grown.atLeast);
  };
}

/** How many parts may be on their way while one more is filled: as `memory` allows, at least one, and four saturate what a function's network gives. */
export const inFlight = (part: number, memory: number): number => Math.max(1, Math.min(4, Math.floor(memory / part) - 1));

export type Part = { n: number; bytes: Uint8Array; last: boolean };

/**
 * The stream cut into parts, copied, so that the producer may use its chunks again. The last part is known as such: it is handed out only
 * once the stream has ended. `free` takes a part's memory back.
 */
export function inParts(body: Bytes, size: (n: number) => number): { parts: AsyncIterable<Part>; free(bytes: Uint8Array): void } {
  const spare: Uint8Array[] = [];
  const take = (length: number): Uint8Array => {
    const found = spare.pop();
    return found?.length === length ? found : Buffer.allocUnsafeSlow(length);
  };
  async function* cut(): AsyncIterable<Part> {
    let n = 1;
    let part = take(size(n));
    let filled = 0;
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length; ) {
        if (filled === part.length) {
          yield { n, bytes: part, last: false };
          n += 1;
          part = take(size(n));
          filled = 0;
        }
        const length = Math.min(chunk.length - at, part.length - filled);
        part.set(chunk.subarray(at, at + length), filled);
        at += length;
        filled += length;
      }
      free(chunk);
    }
    yield { n, bytes: part.subarray(0, filled), last: true };
  }
  return { parts: cut(), free: (bytes) => void spare.push(bytes) };
}
