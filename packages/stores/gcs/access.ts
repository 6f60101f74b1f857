/** A token as it was issued, and for how many seconds it is good. */
export type Issued = { token: string; seconds: number };
/** Asks for a token. Throws {@link StoreDenied}, {@link StoreUnavailable}, {@link IdentityRefused}. */
export type Issue = () => Promise<Issued>;
export interface Access {
  /** One that is good for a while yet; undefined where nobody asks who asks. */
  token(): Promise<string | undefined>;
  /** The store did not take it: the next one is new. */
  refused(token: string): void;
}

/** A request, and the tries of it, may take that long after it got its token. */
const margin = 300;

/**
 * Keeps a token until shortly before its end, so that a copy of hours goes on. `elapsed` counts milliseconds from any moment; a runner that
 * is frozen between two calls may count too few, hence {@link Access.refused}.
 */
export function keptAccess(issue: Issue, elapsed: () => number = () => performance.now()): Access {
  let held: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    const from = elapsed();
    const { token, seconds } = await issue();
    held = { token, until: from + Math.max(seconds - margin, seconds / 2) * 1_000 };
    return token;
  };
  return {
    async token() {
      if (held && elapsed() < held.until) return held.token;
      asking ??= renew().finally(() => {
        asking = undefined;
      });
      return asking;
    },
    refused(token) {
      if (held?.token === token) held = undefined;
    },
  };
}

/** For servers on this machine that know no identities. */
export const nobody: Access = { token: async () => undefined, refused: () => {} };
