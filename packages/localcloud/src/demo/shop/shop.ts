import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import type { Connection } from "../../services/index.ts";

/** A server and its superuser, or, at RDS, who it was made for. `ca`: PEM of the authority that its certificate is of; without it it speaks no TLS. */
export type Server = Omit<Connection, "database"> & { ca?: string };
export type Login = { username: string; password: string };

/** What reads for backups, and what restores; neither is a superuser. */
export const logins = ["holdfast", "holdfast_restore"] as const;

/** Makes the roles where they are missing, and gives the logins new passwords. */
export async function makeLogins(server: Server): Promise<Record<(typeof logins)[number], Login>> {
  return await connected(server, "postgres", async (client) => {
    await client.query(await sql("roles"));
    const login = async (username: string): Promise<Login> => {
      const password = randomBytes(18).toString("base64url");
      await client.query(`ALTER ROLE ${escapeIdentifier(username)} PASSWORD ${escapeLiteral(password)}`);
      return { username, password };
    };
    return { holdfast: await login("holdfast"), holdfast_restore: await login("holdfast_restore") };
  });
}

/**
 * Makes a database with about `rows` rows in several schemas and nearly every kind of object. Two shops of one size hold the same rows.
 * It bears its name only when it is complete: a schedule that fires meanwhile finds no half of it. {@link makeLogins} comes first.
 */
export async function makeShop(server: Server, { rows, database = "shop" }: { rows: number; database?: string }): Promise<void> {
  const unfinished = `${database}_unfinished`;
  await connected(server, "postgres", (client) =>
    client.query(`CREATE DATABASE ${escapeIdentifier(unfinished)} OWNER shop_owner TEMPLATE template0`),
  );
  await connected(server, unfinished, async (client) => {
    await client.query("SET ROLE shop_owner");
    await client.query("SELECT set_config('shop.rows', $1, false)", [String(rows)]);
    await client.query("BEGIN");
    for (const part of ["schema", "rows", "behaviour"]) await client.query(await sql(part));
    await client.query("COMMIT");
    await client.query("ANALYZE");
  });
  await connected(server, "postgres", (client) =>
    client.query(`ALTER DATABASE ${escapeIdentifier(unfinished)} RENAME TO ${escapeIdentifier(database)}`),
  );
}

/** The accident that backups are for. */
export async function dropShop(server: Server, database: string): Promise<void> {
  await connected(server, "postgres", (client) => client.query(`DROP DATABASE ${escapeIdentifier(database)} WITH (FORCE)`));
}

const sql = (part: string): Promise<string> => readFile(path.join(import.meta.dirname, `${part}.sql`), "utf8");

/** Runs `work` with a session of the server's superuser. */
export async function connected<T>(server: Server, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, user, password, ca } = server;
  const client = new Client({ host, port, user, password, database, ssl: ca === undefined ? false : { ca } });
  // A connection that breaks while nobody asks would end the process; the next query tells.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
