import type { Bytes } from "@holdfast/core";
import { StreamSpent } from "./errors.ts";

/** `source`, each chunk shown to `see` before it is handed on. What `see` throws ends the stream. */
export async function* tap(source: Bytes, see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array, undefined> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}

/**
 * A stream for one reader. A generator that is iterated again ends at once and looks like an empty stream; this one throws
 * {@link StreamSpent}. `abandoned` is called when the reader stops before the end, also before the first chunk.
 */
export function once(start: () => AsyncGenerator<Uint8Array, undefined>, abandoned: () => void = () => {}): Bytes {
  let spent = false;
  return {
    [Symbol.asyncIterator]() {
      if (spent) throw new StreamSpent();
      spent = true;
      const chunks = start();
      return {
        next: () => chunks.next(),
        return() {
          abandoned();
          return chunks.return(undefined);
        },
      };
    },
  };
}

/** What `source` still has to give, for a reader that must not close it. */
export function held(source: AsyncIterator<Uint8Array>): Bytes {
  return { [Symbol.asyncIterator]: () => ({ next: () => source.next() }) };
}
