import type { Surroundings } from "@holdfast/core";
import { Client, DatabaseError } from "pg";
import { ConnectionLost, DatabaseMissing, RightsMissing, ServerNotTrusted, ServerRefused, ServerUnreachable } from "./errors.ts";
import { LAYER } from "./kind.ts";
import type { Login } from "./login.ts";
import { authorities, driverTls } from "./tls.ts";

/** One session on one database. Errors of the driver never leave it: they are translated, with what was being done. */
export type Session = {
  query<Row = Record<string, unknown>>(doing: string, sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Twice is harmless; open statements end on the server too. */
  end(): Promise<void>;
};
export type Connect = (database: string, as?: { user: string; password: string }) => Promise<Session>;

/** Lambda's own network set-up takes up to a second; a server that needs ten is in trouble. */
const CONNECT_TIMEOUT = 10_000;
/** Idle connections are dropped by NAT gateways after 350 seconds. */
const KEEPALIVE_AFTER = 60_000;

/**
 * Connects to one server. Every session ends when the signal aborts; what waits then rejects with the signal's reason.
 * Throws {@link ServerUnreachable}, {@link ServerNotTrusted}, {@link DatabaseMissing}, what the login's `password` throws and its `refused` makes.
 */
export function connector(login: Login, { layer }: Pick<Surroundings, "layer">, signal: AbortSignal): Connect {
  return async (database, as) => {
    signal.throwIfAborted();
    const ca = await authorities(login, layer(LAYER));
    const { user, password } = as ?? { user: login.user, password: await login.password() };
    const client = new Client({ ...settings(login, ca), database, user, password });
    const session = new PgSession(client, login, database, signal);
    await session.open();
    return session;
  };
}

/** Everything that the driver would else take from the process environment is said here. */
function settings(login: Login, ca: string) {
  return {
    host: login.host,
    port: login.port,
    ssl: driverTls(login, ca),
    sslnegotiation: "postgres" as const,
    application_name: "holdfast",
    client_encoding: "UTF8",
    replication: "false",
    // Names in a database that we do not trust must not stand before the catalogue's.
    options: "-c search_path=pg_catalog",
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER,
  };
}

class PgSession implements Session {
  readonly #client: Client;
  readonly #login: Login;
  readonly #database: string;
  readonly #signal: AbortSignal;
  /** The driver forgets whoever waits when it is told to end, so waiting ends here. */
  readonly #aborted: Promise<never>;
  #abort: () => void = () => {};
  #ended: Promise<void> | undefined;

  constructor(client: Client, login: Login, database: string, signal: AbortSignal) {
    this.#client = client;
    this.#login = login;
    this.#database = database;
    this.#signal = signal;
    this.#aborted = new Promise((_, reject) => {
      this.#abort = () => {
        reject(signal.reason);
        void this.end();
      };
    });
    this.#aborted.catch(() => {});
  }

  async open(): Promise<void> {
    // Without a listener a connection that breaks while nobody asks would end the process; the next query tells.
    this.#client.on("error", () => {});
    this.#signal.addEventListener("abort", this.#abort);
    try {
      await Promise.race([this.#client.connect(), this.#aborted]);
      await Promise.race([this.#client.query(OUR_TIME), this.#aborted]);
    } catch (error) {
      await this.end();
      throw this.#signal.aborted ? this.#signal.reason : connectError(error, this.#login, this.#database);
    }
  }

  async query<Row>(doing: string, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      const { rows } = await Promise.race([this.#client.query(sql, [...values]), this.#aborted]);
      return rows;
    } catch (error) {
      throw this.#signal.aborted ? this.#signal.reason : queryError(error, doing);
    }
  }

  end(): Promise<void> {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#ended ??= close(this.#client);
    return this.#ended;
  }
}

/**
 * Our deadline is the signal: no setting of the server, the database or the role may end a session that holds a snapshot or counts rows, and a
 * migration that we wait for is waited for. The check lets the server notice within a second that a client which waits for it is gone.
 */
const OUR_TIME = `SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0;
  SET client_connection_check_interval = 1000;
  SELECT set_config('transaction_timeout', '0', false) FROM pg_settings WHERE name = 'transaction_timeout'`;

/** How long a server may take to say goodbye; the socket is cut then, which ends the session as well. */
const GOODBYE = 1000;

async function close(client: Client): Promise<void> {
  const cut = setTimeout(() => socketOf(client).destroy(), GOODBYE);
  await client.end().catch(() => undefined);
  clearTimeout(cut);
}

/** The driver's types keep its connection to themselves. */
function socketOf(client: Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}

const where = ({ host, port }: Login) => `${host}:${port}`;
const code = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "");

/** OpenSSL's words for a certificate that does not hold, as Node gives them. */
const UNTRUSTED = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

function connectError(cause: unknown, login: Login, database: string): Error {
  const options = { cause };
  if (cause instanceof DatabaseError) {
    if (cause.code === "3D000") return new DatabaseMissing(database, options);
    if (cause.code?.startsWith("28")) return login.refused(options);
    if (cause.code === "42501") return new RightsMissing(`connecting to "${database}"`, cause.message, options);
    return new ServerUnreachable(where(login), options);
  }
  if (UNTRUSTED.test(code(cause))) return new ServerNotTrusted(where(login), code(cause), options);
  if (cause instanceof Error && /does not support SSL/.test(cause.message))
    return new ServerNotTrusted(where(login), "it does not speak TLS", options);
  return new ServerUnreachable(where(login), options);
}

export function queryError(cause: unknown, doing: string): Error {
  const options = { cause };
  if (!(cause instanceof DatabaseError)) return new ConnectionLost(doing, options);
  // 57P01 to 57P03: shut down, crashed, starting up; 08: the connection.
  if (/^(57P0[1-3]|08)/.test(cause.code ?? "")) return new ConnectionLost(doing, options);
  if (cause.code === "42501") return new RightsMissing(doing, cause.message, options);
  return new ServerRefused(doing, cause.message, cause.code ?? "unknown", options);
}
