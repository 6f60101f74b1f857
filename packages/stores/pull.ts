import type { Bytes } from "@holdfast/core";

/**
 * The chunks of `body` until it ends. When `signal` fires it throws the signal's reason at once, also while the producer is silent.
 * The producer is always let go: its iterator is returned whenever it has not ended by itself.
 */
export async function* pull(body: Bytes, signal: AbortSignal): Bytes {
  const iterator = body[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await unlessAborted(iterator.next(), signal);
      ended = next.done === true;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    const returned = ended ? undefined : iterator.return?.();
    // A generator that waits for its own source queues the return behind that wait, so after an abort nobody can wait for it.
    if (signal.aborted) returned?.catch(() => {});
    else await returned;
  }
}

/** Not Promise.race with one promise for the signal: that collects a reaction for each of the millions of chunks until the signal fires. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
