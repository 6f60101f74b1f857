import type { Target } from "./config.ts";
import type { Session } from "./connect.ts";

/** What a target is and has, as far as a plan must know it. No secret: it travels through the history of executions. */
export type Facts = {
  version: number;
  login: { name: string; superuser: boolean; createDatabases: boolean; createRoles: boolean; inherits: boolean };
  /** `usable`: the login may give things to it. */
  owner: { name: string; exists: boolean; usable: boolean };
  databases: string[];
  /** Extensions that can be installed, and whether an owner of a database may do it. */
  extensions: { name: string; trusted: boolean }[];
};

/** An execution's history holds 256 KiB a state. What is beyond this the server itself refuses when it is made. */
const MOST_NAMES = 1500;

/** Looks and changes nothing. `owner` is {@link Target.owner}. */
export async function survey(session: Session, { owner }: Pick<Target, "owner">): Promise<Facts> {
  const [server] = await session.query<{ version: number } & Facts["login"]>("looking at the login", LOGIN);
  if (!server) throw new Error("pg_roles has no current role");
  const { version, ...login } = server;
  const [found] = await session.query<{ usable: boolean }>("looking at the owner", version >= 160000 ? OWNER : OWNER_BEFORE_16, [
    owner ?? login.name,
  ]);
  const databases = await session.query<{ name: string }>(
    "listing databases",
    "SELECT datname AS name FROM pg_database ORDER BY datname LIMIT $1",
    [MOST_NAMES],
  );
  return {
    version,
    login,
    owner: { name: owner ?? login.name, exists: found !== undefined, usable: found?.usable ?? false },
    databases: databases.map((row) => row.name),
    extensions: await session.query("listing extensions", AVAILABLE),
  };
}

const LOGIN = `SELECT current_setting('server_version_num')::int AS version, rolname AS name, rolsuper AS superuser,
  rolcreatedb AS "createDatabases", rolcreaterole AS "createRoles", rolinherit AS inherits FROM pg_roles WHERE rolname = current_user`;
const OWNER = "SELECT pg_has_role(oid, 'USAGE') AND pg_has_role(oid, 'SET') AS usable FROM pg_roles WHERE rolname = $1";
const OWNER_BEFORE_16 = "SELECT pg_has_role(oid, 'USAGE') AS usable FROM pg_roles WHERE rolname = $1";
export const AVAILABLE = `SELECT e.name, v.trusted FROM pg_available_extensions e
  JOIN pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version ORDER BY e.name`;
