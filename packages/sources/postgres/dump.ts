import type { Surroundings } from "@holdfast/core";
import { clientEnvironment, programPath } from "./client.ts";
import type { Config } from "./config.ts";
import { ConnectionLost, DumpFailed, LockTimeout, ServerUnreachable, SnapshotUnknown, StandbyConflict } from "./errors.ts";
import { leftOut } from "./incomplete.ts";
import type { Inspection } from "./inspect.ts";
import type { Login } from "./login.ts";
import { qualified } from "./names.ts";
import { type Ending, endingWords, type Running, start } from "./program.ts";

export type At = { login: Login; surroundings: Pick<Surroundings, "layer">; folder: string; major: number; signal: AbortSignal };

/**
 * pg_dump in the custom format, uncompressed (whoever stores it compresses, faster and with a checksum), on a snapshot that somebody holds.
 * Never with --enable-row-security, which would leave rows out and call it success.
 */
export async function startDump(
  at: At,
  database: string,
  snapshot: string,
  found: Inspection,
  config: Pick<Config, "lockTimeout">,
): Promise<Running> {
  const env = await clientEnvironment(at.login, database, at.surroundings, at.folder);
  const how = ["--format=custom", "--compress=0", "--no-password", `--lock-wait-timeout=${config.lockTimeout}s`, `--snapshot=${snapshot}`];
  return start({
    path: programPath(at.surroundings, at.major, "pg_dump"),
    args: [...how, ...without(found)],
    env,
    folder: at.folder,
    signal: at.signal,
    failed: (ending) => dumpError("pg_dump", hushed(ending, env), at.login, config.lockTimeout),
  });
}

/** Patterns in double quotes are taken letter by letter. */
function without(found: Inspection): string[] {
  const flags = found.tables.flatMap((table) => {
    const why = leftOut(table, found);
    if (why === undefined) return [];
    return [`--exclude-table${why === "unreadable" ? "" : "-data"}=${qualified(table.schema, table.name)}`];
  });
  return found.largeObjects.readable < found.largeObjects.all ? [...flags, "--no-blobs"] : flags;
}

/** The cluster's roles, tablespaces and settings of roles, as SQL. Never with the hashes of passwords. */
export async function startGlobals(at: At): Promise<Running> {
  const env = await clientEnvironment(at.login, at.login.home, at.surroundings, at.folder);
  return start({
    path: programPath(at.surroundings, at.major, "pg_dumpall"),
    args: ["--globals-only", "--no-role-passwords", "--no-password"],
    env,
    folder: at.folder,
    signal: at.signal,
    failed: (ending) => dumpError("pg_dumpall", hushed(ending, env), at.login, 0),
  });
}

/** The programs speak English (LC_ALL=C), the server may not; what is not understood is told as it stands. */
export function dumpError(program: string, ending: Ending, login: Pick<Login, "host" | "port" | "refused">, lockTimeout: number): Error {
  const { said } = ending;
  const where = `${login.host}:${login.port}`;
  // pg_dump limits its locking by statement_timeout, and says which statement it was.
  if (/statement timeout/i.test(said) && /LOCK TABLE/.test(said)) return new LockTimeout(lockTimeout);
  if (/invalid snapshot identifier|snapshot "[^"]*" does not exist/i.test(said)) return new SnapshotUnknown(where);
  if (/conflict with recovery/i.test(said)) return new StandbyConflict();
  if (/authentication failed|no pg_hba.conf entry/i.test(said)) return login.refused({ cause: new Error(lastWords(said)) });
  if (/could not connect|connection to server .* failed/i.test(said))
    return new ServerUnreachable(where, { cause: new Error(lastWords(said)) });
  if (/server closed the connection|terminating connection|connection to server was lost/i.test(said)) {
    return new ConnectionLost(`${program} was at work`, { cause: new Error(lastWords(said)) });
  }
  return new DumpFailed(program, endingWords(ending), lastWords(said));
}

/** What a program said, without the password that it was given. */
const hushed = (ending: Ending, { PGPASSWORD = "" }: Readonly<Record<string, string>>): Ending => ({
  ...ending,
  said: hush(ending.said, PGPASSWORD),
});

/** Leaves the password out in any form that libpq would print, and every token of IAM. */
export function hush(said: string, password: string): string {
  const own = password === "" ? said : said.replaceAll(password, "***").replaceAll(encodeURIComponent(password), "***");
  return own
    .replaceAll(/password=\S+/gi, "password=***")
    .replaceAll(/(postgres(?:ql)?:\/\/[^:@\s]+:)[^@\s]+@/gi, "$1***@")
    .replaceAll(/X-Amz-(Signature|Credential|Security-Token)(=|%3D)[^&\s]*/gi, "X-Amz-$1=***");
}

/** What it said last, on one line. */
function lastWords(said: string): string {
  return said
    .trim()
    .split("\n")
    .slice(-4)
    .map((line) => line.trim())
    .join(" | ");
}
