import type { Made } from "@holdfast/core";
import type { Session } from "./connect.ts";
import type { DatabaseContents } from "./contents.ts";
import { DatabaseExists, LocaleUnavailable, ServerRefused, UndoIncomplete } from "./errors.ts";
import { ident, literal } from "./names.ts";
import { DATABASE, ROLE } from "./planrestore.ts";
import { randomPassword, scramVerifier } from "./scram.ts";

export type Loader = { user: string; password: string };

/** Parallel loading takes three connections, proving one. */
const CONNECTIONS = 8;

/**
 * Makes the login that loads. A dump is a program of somebody else's: it runs with this role's rights, which are none but over the one database.
 * The login that makes it becomes a member, for else it could neither give it a database nor take that away (from 16 on not even by having made it).
 */
export async function makeRole(admin: Session, user: string, version: number): Promise<Loader> {
  const password = randomPassword();
  const rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT";
  await admin.query(
    "making the loading role",
    `CREATE ROLE ${ident(user)} ${rights} CONNECTION LIMIT ${CONNECTIONS} PASSWORD ${literal(scramVerifier(password))}`,
  );
  await joinRole(admin, user, version);
  return { user, password };
}

/** Twice is harmless. A superuser needs no membership. */
async function joinRole(admin: Session, user: string, version: number): Promise<void> {
  const [me] = await admin.query<{ superuser: boolean }>(
    "looking at the login",
    "SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user",
  );
  if (me?.superuser) return;
  const options = version >= 160000 ? " WITH INHERIT TRUE, SET TRUE" : "";
  await admin.query("joining the loading role", `GRANT ${ident(user)} TO CURRENT_USER${options}`);
}

/** A new password for the same login: no state of a workflow ever carries one. */
export async function renewPassword(admin: Session, user: string): Promise<Loader> {
  const password = randomPassword();
  await admin.query("renewing the loading role's password", `ALTER ROLE ${ident(user)} PASSWORD ${literal(scramVerifier(password))}`);
  return { user, password };
}

const DUPLICATE = ["42P04", "23505"];
const NO_LOCALE = ["42809", "22023"];

/** Creates or fails; being owned by the role is the mark, and it is there from the first moment. Throws {@link DatabaseExists}, {@link LocaleUnavailable}. */
export async function makeDatabase(
  admin: Session,
  name: string,
  owner: string,
  locale: DatabaseContents["locale"],
  version: number,
): Promise<void> {
  try {
    await admin.query(
      "making the database",
      `CREATE DATABASE ${ident(name)} OWNER ${ident(owner)} TEMPLATE template0 ${localeClause(locale, version)}`,
    );
  } catch (error) {
    if (!(error instanceof ServerRefused)) throw error;
    if (DUPLICATE.includes(error.code)) throw new DatabaseExists(name, { cause: error });
    if (NO_LOCALE.includes(error.code))
      throw new LocaleUnavailable(`${locale.encoding} ${locale.locale ?? locale.collate}`, { cause: error });
    throw error;
  }
}

function localeClause(locale: DatabaseContents["locale"], version: number): string {
  const own =
    locale.locale === undefined ? "" : ` ${locale.provider === "icu" ? "ICU_LOCALE" : "BUILTIN_LOCALE"} ${literal(locale.locale)}`;
  const rules = locale.rules === undefined ? "" : ` ICU_RULES ${literal(locale.rules)}`;
  const provider = version >= 150000 ? ` LOCALE_PROVIDER ${locale.provider}${own}${rules}` : "";
  return `ENCODING ${literal(locale.encoding)} LC_COLLATE ${literal(locale.collate)} LC_CTYPE ${literal(locale.ctype)}${provider}`;
}

/** Databases that the role owns, found at the target itself. */
export async function ownedDatabases(admin: Session, user: string): Promise<string[]> {
  const rows = await admin.query<{ name: string }>(
    "looking for what the role owns",
    "SELECT d.datname AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1 ORDER BY d.datname",
    [user],
  );
  return rows.map((row) => row.name);
}

export async function roleExists(admin: Session, user: string): Promise<boolean> {
  return (await admin.query("looking for the role", "SELECT FROM pg_roles WHERE rolname = $1", [user])).length > 0;
}

/** Removes the role and the databases that it owns, and nothing else. Twice is harmless. */
export async function removeClaim(admin: Session, user: string): Promise<Made[]> {
  if (!(await roleExists(admin, user))) return [];
  const [server] = await admin.query<{ version: number }>(
    "asking for the version",
    "SELECT current_setting('server_version_num')::int AS version",
  );
  await joinRole(admin, user, server?.version ?? 0);
  // First it may not come back, then it goes: whoever loads with it in another process stops.
  await admin.query("locking the role out", `ALTER ROLE ${ident(user)} NOLOGIN`);
  await admin.query("ending the role's sessions", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [user]);
  const removed: Made[] = [];
  for (const name of await ownedDatabases(admin, user)) {
    await admin.query("dropping the database", `DROP DATABASE IF EXISTS ${ident(name)} WITH (FORCE)`);
    removed.push({ what: DATABASE, id: name });
  }
  await dropRole(admin, user);
  return [...removed, { what: ROLE, id: user }];
}

const DEPENDENT_OBJECTS = "2BP01";

/** What it owns elsewhere is not ours to remove. Throws {@link UndoIncomplete}. */
async function dropRole(admin: Session, user: string): Promise<void> {
  try {
    await admin.query("dropping the role", `DROP ROLE IF EXISTS ${ident(user)}`);
  } catch (error) {
    if (error instanceof ServerRefused && error.code === DEPENDENT_OBJECTS) throw new UndoIncomplete(user, error.message, { cause: error });
    throw error;
  }
}
