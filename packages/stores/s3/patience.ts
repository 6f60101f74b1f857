import { randomInt } from "node:crypto";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { longestAsked, mostTries } from "../retry.ts";

/** Milliseconds: what is waited before the second try at most, twice as much before each other. */
const first = { TRANSIENT: 200, THROTTLING: 1_000 };
const longest = 20_000;

/** What the SDK takes for `retryStrategy`, and tells it of a failed try. */
type Strategy = Extract<S3ClientConfig["retryStrategy"], { acquireInitialRetryToken: unknown }>;
type Failed = Parameters<Strategy["refreshRetryTokenForRetry"]>[1];

/**
 * Waits as long as the store asks for with Retry-After. The SDK's own strategy cuts that to 5 s over what it had waited anyway
 * (`StandardRetryStrategy` of @smithy/core 3.41.0), so that it has used up its tries before a store that wants half a minute is ready.
 */
export function patience(tries = mostTries, now: () => number = Date.now): Strategy {
  const token = (count: number, delay: number) => ({
    getRetryCount: () => count,
    getRetryDelay: () => delay,
    getRetryCost: () => undefined,
  });
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    async refreshRetryTokenForRetry(last, failed) {
      const count = last.getRetryCount() + 1;
      const delay = delayBefore(count, failed, now());
      if (delay === undefined || count >= tries) throw new Error("no further try");
      return token(count, delay);
    },
    recordSuccess: () => {},
  };
}

/** Milliseconds before the next try. Undefined where there should be none. */
function delayBefore(count: number, { errorType, retryAfterHint }: Failed, now: number): number | undefined {
  if (errorType !== "TRANSIENT" && errorType !== "THROTTLING") return undefined;
  const own = Math.min(first[errorType] * 2 ** (count - 1), longest);
  const asked = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - now;
  return asked > longestAsked ? undefined : Math.max(asked, own / 2 + randomInt(own / 2));
}
