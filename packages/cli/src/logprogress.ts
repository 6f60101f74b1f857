import { HoldfastError } from "@holdfast/core";
import type { Logs } from "./cloud.ts";
import type { Clock } from "./world.ts";

/** A function logs `{"message": "progress", "doing": …, "bytes": …}` every two seconds while it works; `bytes` is of plaintext, so far. */
export function progressIn(line: string): number | undefined {
  if (!line.includes('"progress"')) return undefined;
  try {
    const { message, bytes } = JSON.parse(line.slice(line.indexOf("{"))) as { message?: unknown; bytes?: unknown };
    return message === "progress" && typeof bytes === "number" ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Logs are asked this often; CloudWatch shows a line some seconds after it was written. */
const everyMillis = 2_000;

/**
 * Follows a function's progress until `work` settles, and answers as `work` does. Who may not read logs sees the time pass instead.
 * `tick` is called in between, often enough for a clock.
 */
export async function followLog<T>(
  work: Promise<T>,
  of: { functionName: string; logs: Logs; clock: Clock; signal: AbortSignal },
  show: { at(bytes: number): void; tick(): void },
): Promise<T> {
  const done = new AbortController();
  const signal = AbortSignal.any([of.signal, done.signal]);
  const watched = watch({ ...of, signal }, show);
  watched.catch(() => {}); // told when the work is done; until then nobody waits for it
  try {
    return await work;
  } finally {
    done.abort();
    await watched;
  }
}

async function watch(
  { functionName, logs, clock, signal }: { functionName: string; logs: Logs; clock: Clock; signal: AbortSignal },
  show: { at(bytes: number): void; tick(): void },
): Promise<void> {
  const since = clock.now();
  let readable = true;
  try {
    for (let asked = 0; ; ) {
      await clock.wait(tickMillis, signal);
      show.tick();
      if (!readable || clock.now().getTime() - asked < everyMillis) continue;
      asked = clock.now().getTime();
      const lines = await logs.since(functionName, since, signal).catch((error: unknown) => {
        if (!(error instanceof HoldfastError)) throw error;
        readable = false; // progress is a courtesy: the work itself goes on
        return [];
      });
      const counts = lines.flatMap((line) => progressIn(line) ?? []);
      if (counts.length > 0) show.at(Math.max(...counts));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
const tickMillis = 250;
