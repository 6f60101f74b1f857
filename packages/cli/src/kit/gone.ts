import type { Cloud } from "../cloud.ts";
import { AwsUnavailable } from "../errors.ts";

/** An AWS that does not answer, and remembers whoever asked. */
export function goneCloud(): Cloud & { asked: string[] } {
  const asked: string[] = [];
  const gone = (what: string) => () => {
    asked.push(what);
    return Promise.reject(new AwsUnavailable(`could not ${what} (TimeoutError)`, "Try again."));
  };
  return {
    asked,
    account: gone("ask who"),
    who: gone("ask who"),
    functions: { invoke: gone("invoke") },
    machines: { start: gone("start"), look: gone("look") },
    logs: { since: gone("read logs") },
    keys: {
      publicKey: gone("read a key"),
      arnOf: gone("look at a key"),
      sign: () => ({ keyId: "", sign: gone("sign") }),
      cipher: { encrypt: gone("encrypt"), decrypt: gone("decrypt") },
    },
    secrets: gone("read a secret"),
    identity: { token: gone("ask for a token"), callerIdentity: gone("sign for an identity") },
  };
}
