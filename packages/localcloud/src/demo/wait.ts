import { setTimeout as sleep } from "node:timers/promises";
import { DemoFailed } from "./errors.ts";

const everyMillis = 250;

/** Looks again and again until there is something. Throws {@link DemoFailed} after `seconds`, and the signal's reason when it fires. */
export async function waitFor<T>(what: string, seconds: number, signal: AbortSignal, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end)
      throw new DemoFailed(`${what} did not come within ${Math.round(seconds)} s`, "The logs say what happened instead.");
    await sleep(everyMillis, undefined, { signal }).catch(() => {});
  }
}

/** `work`, or the signal's reason as soon as it fires; `work` itself goes on. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What failed to start has stopped itself and was told where it was awaited. */
export const neverStarted = (): void => {};
