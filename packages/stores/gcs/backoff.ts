import { randomInt } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { setTimeout } from "node:timers/promises";
import { longestAsked } from "../retry.ts";

/** Waits so many milliseconds. Throws the signal's reason when it fires. */
export type Pause = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

export const pause: Pause = async (milliseconds, signal) => {
  try {
    await setTimeout(milliseconds, undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
};

/** With the waits between them, some 15 to 30 seconds before a request is given up. */
export const maxTries = 6;
const first = 500;
const longest = 32_000;

/** Milliseconds before the next try: what the server asked for, else twice as long each time, and half of that at random. */
export function delay(tries: number, { "retry-after": asked }: IncomingHttpHeaders): number {
  if (asked !== undefined && /^\d+$/.test(asked)) return Math.min(Number(asked) * 1_000, longestAsked);
  const longestNow = Math.min(first * 2 ** (tries - 1), longest);
  return longestNow / 2 + randomInt(longestNow / 2);
}
