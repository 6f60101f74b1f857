import type { IncomingHttpHeaders } from "node:http";

/** How often one request is sent at most, with 0.5, 1, 2 and 4 s between, or what the service asks for. */
export const mostTries = 5;
const first = 500;
/** Milliseconds that a service may ask for: a runner's time is better spent by its next run. */
export const longestAsked = 60_000;

/** Waits for so many milliseconds, more or less. */
export type Wait = (milliseconds: number) => Promise<unknown>;

const again = new Set([0, 408, 429, 500, 502, 503, 504]);
/** No answer (0 or undefined), too many requests, or a failure of the service's own. https://docs.cloud.google.com/storage/docs/retry-strategy */
export const mayPass = (status: number | undefined): boolean => status === undefined || again.has(status);

/**
 * Milliseconds before the next try. Undefined where there should be none: a service that asks for more than it may is taken at its word by failing.
 * `headers`: of the answer, if one came.
 */
export function waitBefore(tries: number, headers: IncomingHttpHeaders): number | undefined {
  if (tries >= mostTries) return undefined;
  const asked = 1_000 * Number(headers["retry-after"] ?? 0);
  return asked > longestAsked ? undefined : Math.max(asked || 0, first * 2 ** (tries - 1));
}
