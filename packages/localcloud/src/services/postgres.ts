import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, cpSync, lchownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { type Account, reaches, unprivileged } from "./account.ts";
import { environment } from "./environment.ts";
import { ServiceNotReady } from "./errors.ts";
import { executable, postgresBin } from "./install.ts";
import { listens, withPorts } from "./ports.ts";
import { type Launched, launch } from "./process.ts";
import { inRun, MARK, type Run } from "./runs.ts";

export type PostgresOptions = {
  /** Taken when it is free. Default: any free one. */
  port?: number;
  /** Where it logs to. Default: a file in its folder. */
  log?: string;
  /** Another major: the folder of its programs, beside its `lib` and `share`. Default: the pinned PostgreSQL 17. */
  bin?: string;
  /** Further settings, as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  /** Paths of a certificate and its key in PEM; then the server offers TLS. */
  tls?: { cert: string; key: string };
  /** The superuser. Default: `postgres` with a random password. */
  superuser?: { user: string; password: string };
  /** A data folder of that superuser, owned by the account that servers run as: the server starts from a copy of it. */
  data?: string;
  /** Further arguments of initdb. */
  initdb?: readonly string[];
};
/** What `pg` and libpq's variables both are made of. */
export type Connection = { host: string; port: number; user: string; password: string; database: string };
export type Postgres = {
  readonly host: string;
  readonly port: number;
  /** The superuser. */
  readonly user: string;
  readonly password: string;
  /** The folder of its Unix socket. */
  readonly socket: string;
  /** The folder of its programs, where the account that it runs as can reach them: pg_dump, psql, pg_restore. */
  readonly bin: string;
  readonly pid: number;
  readonly folder: string;
  readonly log: string;
  connection(database?: string): Connection;
  /** Twice is harmless. Open connections are cut. */
  stop(): Promise<void>;
};

const HOST = "127.0.0.1";
const superuser = () => ({ user: "postgres", password: randomBytes(24).toString("base64url") });
/** It is thrown away at stop, so nothing has to survive a power cut. */
const THROWAWAY = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/** Starts a PostgreSQL server of its own on loopback, as `nobody` where we are root. Ready in about 1 s. Throws {@link ServiceNotReady}, {@link ServiceNotInstalled}. */
export async function postgres(options: PostgresOptions = {}): Promise<Postgres> {
  const account = unprivileged();
  return await withPorts({ count: 1, preferred: options.port }, ([port = 0]) =>
    inRun("postgres", account, async (run) => {
      const bin = reachable(run, account, options.bin ?? postgresBin());
      const server: Server = { run, account, port, bin, ...(options.superuser ?? superuser()) };
      if (options.data === undefined) await initialise(server, options.initdb);
      else await promisify(execFile)("cp", ["-a", "--reflink=auto", options.data, data(run)], { cwd: run.folder, ...account });
      return described(server, await start(server, options));
    }),
  );
}

type Server = { run: Run; account: Account | undefined; port: number; bin: string; user: string; password: string };

/** `bin`, or a copy of the whole installation where the account cannot walk to it: a clone in root's home is closed to everyone else. */
function reachable(run: Run, account: Account | undefined, bin: string): string {
  const server = executable("PostgreSQL", path.join(bin, "postgres"));
  if (reaches(account, server)) return bin;
  const copy = path.join(run.folder, "install");
  cpSync(path.dirname(bin), copy, { recursive: true });
  // The guard runs as that user too, and removes it when we cannot.
  for (const entry of [".", ...readdirSync(copy, { recursive: true, encoding: "utf8" })]) give(account, path.join(copy, entry));
  return path.join(copy, path.basename(bin));
}

async function initialise({ run, account, bin, user, password }: Server, more: readonly string[] = []): Promise<void> {
  const secret = path.join(run.folder, "password");
  writeFileSync(secret, password, { mode: 0o600 });
  give(account, secret);
  const how = ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"];
  const args = ["--pgdata", data(run), "--username", user, "--pwfile", secret, ...how, ...more];
  const options = { cwd: run.folder, env: environment(run.folder, { [MARK]: run.mark }), ...account };
  try {
    await promisify(execFile)(path.join(bin, "initdb"), args, options);
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr ?? String(cause);
    throw new ServiceNotReady("PostgreSQL", "could not make its data folder", said.trim(), { cause });
  }
}

function start(server: Server, options: PostgresOptions): Promise<Launched> {
  const { run, account, bin, port } = server;
  mkdirSync(socket(run));
  give(account, socket(run));
  const own = { listen_addresses: HOST, port: String(port), unix_socket_directories: socket(run) };
  const settings = { ...THROWAWAY, ...own, ...tlsSettings(run, account, options), ...options.settings };
  return launch(run, {
    title: "PostgreSQL",
    program: path.join(bin, "postgres"),
    args: ["-D", data(run), ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    account,
    ready: async (pid) => listens(pid, port) && isReady(run),
    // SIGINT is PostgreSQL's fast shutdown: it cuts connections instead of waiting for them.
    stop: { signal: "INT", seconds: 10 },
    log: options.log,
  });
}

/** The server itself writes `ready` into the eighth line of postmaster.pid (miscadmin.h, LOCK_FILE_LINE_PM_STATUS), as pg_ctl -w reads it. */
function isReady(run: Run): boolean {
  return (
    readFileSync(path.join(data(run), "postmaster.pid"), "utf8")
      .split("\n")[7]
      ?.trim() === "ready"
  );
}

/** The key must belong to the server's account and be closed to others, or it refuses to start. */
function tlsSettings(run: Run, account: Account | undefined, { tls }: PostgresOptions): Record<string, string> {
  if (!tls) return {};
  const copies = { cert: path.join(run.folder, "server.crt"), key: path.join(run.folder, "server.key") };
  copyFileSync(tls.cert, copies.cert);
  writeFileSync(copies.key, readFileSync(tls.key), { mode: 0o600 });
  for (const file of Object.values(copies)) give(account, file);
  return { ssl: "on", ssl_cert_file: copies.cert, ssl_key_file: copies.key };
}

function described({ run, bin, port, user, password }: Server, launched: Launched): Postgres {
  const login = { host: HOST, port, user, password };
  return {
    ...login,
    socket: socket(run),
    bin,
    pid: launched.pid,
    folder: run.folder,
    log: launched.log,
    connection: (database = "postgres") => ({ ...login, database }),
    stop: launched.stop,
  };
}

const data = (run: Run): string => path.join(run.folder, "data");
const socket = (run: Run): string => path.join(run.folder, "socket");

function give(account: Account | undefined, file: string): void {
  if (account) lchownSync(file, account.uid, account.gid);
}
