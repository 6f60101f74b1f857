import type { Surroundings } from "@holdfast/core";
import { requireClient } from "./client.ts";
import type { Config } from "./config.ts";
import type { Connect } from "./connect.ts";
import { TooManyDatabases } from "./errors.ts";
import { MOST_DATABASES } from "./native.ts";

export type Server = { databases: readonly string[]; major: number; version: number };

/** Finds out what to dump and with which client. Throws {@link ServerVersionUnsupported}, {@link TooManyDatabases}, and what connecting throws. */
export async function lookAtServer(
  config: Pick<Config, "databases">,
  home: string,
  connect: Connect,
  surroundings: Pick<Surroundings, "layer">,
): Promise<Server> {
  const [first = home] = config.databases === "all" ? [] : config.databases;
  const session = await connect(first);
  try {
    const [server] = await session.query<{ version: number }>("asking for the version", VERSION);
    const version = server?.version ?? 0;
    const major = await requireClient(version, surroundings);
    const databases =
      config.databases === "all"
        ? (await session.query<{ name: string }>("listing databases", ALL)).map((row) => row.name)
        : config.databases;
    if (databases.length > MOST_DATABASES) throw new TooManyDatabases(databases.length, MOST_DATABASES);
    return { databases, major, version };
  } finally {
    await session.end();
  }
}

const VERSION = "SELECT current_setting('server_version_num')::int AS version";

/** Amazon's own database lets nobody in; what an unfinished restore of ours made may vanish at any moment. */
const ALL = `SELECT d.datname AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
  WHERE d.datallowconn AND NOT d.datistemplate AND d.datname <> 'rdsadmin' AND r.rolname !~ '^holdfast_[a-z0-9]{1,20}$' ORDER BY d.datname`;
