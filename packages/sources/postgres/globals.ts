import type { Finding } from "@holdfast/core";
import { leaveOutAws, type WithoutAws } from "./awsroles.ts";
import { type At, startGlobals } from "./dump.ts";
import { DumpFailed, LoginRefused } from "./errors.ts";

/** A role takes some hundred bytes. */
const MOST = 64 * 2 ** 20;
/** pg_dumpall writes it last; a file without it is cut. */
export const COMPLETE = "-- PostgreSQL database cluster dump complete";

/** Roles without passwords and without those of AWS, tablespaces, settings of roles; or why this login cannot have them. Throws what trying again may help. */
export async function readGlobals(at: At): Promise<WithoutAws | { missing: Finding }> {
  const running = await startGlobals(at);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of running.output) {
      bytes += chunk.length;
      if (bytes > MOST) throw new DumpFailed("pg_dumpall", "ended by us", `more than ${MOST} bytes of roles`);
      chunks.push(chunk);
    }
    return leaveOutAws(Buffer.concat(chunks));
  } catch (error) {
    if (at.signal.aborted || !isRefusal(error)) throw error;
    return { missing: MISSING };
  }
}

/** The login is not let into `postgres` and `template1`, or a managed server hides what pg_dumpall asks for. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof LoginRefused ||
    (error instanceof DumpFailed && /permission denied|must be superuser|does not exist/i.test(error.message))
  );
}

const MISSING: Finding = {
  name: "globals-missing",
  severity: "note",
  message: "roles, tablespaces and settings of roles are not in the backup: the login may not read them",
  hint: "Run pg_dumpall --globals-only --no-role-passwords as that login to see what is refused. Restores do not need it.",
};
