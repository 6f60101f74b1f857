import type { S3Client } from "@aws-sdk/client-s3";
import { StoreUnavailable } from "@holdfast/core";
import { said } from "./errors.ts";

/** Keys that end. `from` and `until`: milliseconds of this machine's clock. */
export type TemporaryKeys = { accessKeyId: string; secretAccessKey: string; sessionToken: string; from: number; until: number };
export type Keys = {
  current(): Promise<TemporaryKeys>;
  /** Somebody did not take them. True where the next ones will be others. */
  drop(sessionToken: string): boolean;
};

/** Milliseconds before their end at which keys are not used any more: longer than one request may take to begin. */
const margin = 300_000;
/** Keys that are younger are not asked for anew: what is refused with them is refused for another reason. */
const fresh = 60_000;
/** While keys last, an exchange that failed is not tried again with each request. */
const pause = 30_000;

/** Keys as `get` brings them, kept until shortly before their end. Calls at the same time share one exchange, and one that fails harms nobody while the keys last. */
export function renewed(get: () => Promise<TemporaryKeys>, now: () => Date): Keys {
  let kept: { keys: TemporaryKeys; renew: number } | undefined;
  let coming: Promise<TemporaryKeys> | undefined;
  const exchange = async () => {
    const before = kept?.keys;
    try {
      const keys = await get();
      kept = { keys, renew: keys.until - Math.min(margin, (keys.until - keys.from) / 2) };
      return keys;
    } catch (error) {
      const time = now().getTime();
      if (!before || before !== kept?.keys || time >= before.until || !(error instanceof StoreUnavailable)) throw error;
      kept = { keys: before, renew: time + pause };
      return before;
    }
  };
  return {
    async current() {
      if (kept && now().getTime() < kept.renew) return kept.keys;
      coming ??= exchange().finally(() => {
        coming = undefined;
      });
      return coming;
    },
    drop(sessionToken) {
      // Somebody else was refused too, and sooner.
      if (kept?.keys.sessionToken !== sessionToken) return true;
      if (now().getTime() - kept.keys.from < fresh) return false;
      kept = undefined;
      return true;
    },
  };
}

/** For the SDK, which keeps what it is given until `expiration`: so it asks with each request, and is answered from what is kept. */
export const asked = (keys: Keys) => async () => {
  const { accessKeyId, secretAccessKey, sessionToken } = await keys.current();
  return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(0) };
};

/** How stores call keys that ended, or that they forgot when they were started anew. */
const ended = new Set(["ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidAccessKeyId", "TokenRefreshRequired"]);
/** HEAD is refused without a word. */
const wordless = new Set(["UnknownError", "Unknown", "Forbidden", "BadRequest", "400", "401", "403"]);

/** Sends a request once more, with new keys, where the store takes the old ones no more in the middle of a copy. */
export function renewRefused(client: S3Client, keys: Keys): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { sessionToken } = await keys.current();
      try {
        return await next(args);
      } catch (error) {
        const { name, status } = said(error);
        const maybe = ended.has(name) || (wordless.has(name) && (status === 400 || status === 401 || status === 403));
        if (!maybe || !keys.drop(sessionToken)) throw error;
        return await next(args);
      }
    },
    { step: "initialize", name: "renewRefused", override: true },
  );
}
