import { unlessAborted } from "../pull.ts";
import type { Refusal } from "./refusal.ts";

/** How often one request is sent at most, with 0.5, 1, 2 and 4 s between, or what the service asks for. */
export const mostTries = 5;
const first = 500;
/** Milliseconds. A service that asks for more is taken at its word by failing: a runner's time is better spent by its next run. */
const longest = 60_000;

/** Waits for so many milliseconds, more or less. */
export type Wait = (milliseconds: number) => Promise<unknown>;

const again = new Set([408, 429, 500, 502, 503, 504]);
/** No answer, too many requests, or a failure of the service's own. */
export const passing = ({ status }: Refusal): boolean => status === undefined || again.has(status);

/** Waits before the next try. False where there should be none. */
export async function waitAfter(refusal: Refusal, wait: Wait, signal: AbortSignal | undefined): Promise<boolean> {
  if (!passing(refusal) || refusal.tries >= mostTries) return false;
  const asked = 1_000 * Number(refusal.headers["retry-after"] ?? 0);
  if (asked > longest) return false;
  const waiting = wait(Math.max(asked || 0, first * 2 ** (refusal.tries - 1)));
  await (signal ? unlessAborted(waiting, signal) : waiting);
  return true;
}
