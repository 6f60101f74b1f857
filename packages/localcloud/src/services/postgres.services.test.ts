import { execFile } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { buildServers } from "../../../../scripts/layers.mjs";
import { environment } from "./environment.ts";
import { postgresBin } from "./install.ts";
import { certificate } from "./kit/certificate.ts";
import { type Postgres, type PostgresOptions, postgres } from "./postgres.ts";

const run = promisify(execFile);
const scratch = mkdtempSync(path.join(os.tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Asks with the server's own psql, as a libpq client would. */
async function psql(server: Postgres, query: string, more: Record<string, string> = {}): Promise<string> {
  const { host, port, user, password } = server;
  const where = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: "postgres", ...more };
  const { stdout } = await run(path.join(postgresBin(), "psql"), ["-XAtc", query], { env: environment(scratch, where) });
  return stdout.trim();
}

async function withPostgres<T>(options: PostgresOptions, use: (server: Postgres) => Promise<T>): Promise<T> {
  const server = await postgres(options);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

test("it speaks UTF-8, takes the superuser's password only, and listens on loopback only", () =>
  withPostgres({}, async (server) => {
    expect(await psql(server, "select 'Grüße'")).toBe("Grüße");
    expect(await psql(server, "show server_encoding; show listen_addresses; show fsync")).toBe("UTF8\n127.0.0.1\noff");
    await expect(psql(server, "select 1", { PGPASSWORD: "wrong" })).rejects.toThrow(/password authentication failed/);
    await expect(psql(server, "select 1", { PGHOST: server.socket, PGPASSWORD: "wrong" })).rejects.toThrow(
      /password authentication failed/,
    );
    expect(server.connection("shop")).toEqual({ ...server.connection(), database: "shop" });
  }));

test("it never runs as root, and its data is closed to other users", () =>
  withPostgres({}, async (server) => {
    const { uid } = statSync(`/proc/${server.pid}`);
    expect(uid).toBe(process.getuid?.() === 0 ? statSync(server.folder).uid : process.getuid?.());
    expect(uid).not.toBe(0);
    expect(statSync(server.folder).mode & 0o077).toBe(0);
  }));

test("an installation that its user cannot walk to is copied beside its data", async () => {
  const closed = mkdtempSync(path.join(scratch, "closed-"));
  cpSync(path.dirname(postgresBin()), path.join(closed, "pginstall"), { recursive: true });
  chmodSync(closed, 0o700);
  const bin = path.join(closed, "pginstall", "bin");
  await withPostgres({ bin }, async (server) => {
    expect(await psql(server, "select 1")).toBe("1");
    expect(server.bin.startsWith(process.getuid?.() === 0 ? server.folder : bin)).toBe(true);
    expect(statSync(path.join(server.bin, "postgres")).uid).toBe(statSync(`/proc/${server.pid}`).uid);
  });
});

test("a server of another major version starts from its own folder", async () => {
  const bin = path.join(await buildServers(), "14", "bin");
  await withPostgres({ bin }, async (server) => {
    expect(await psql(server, "show server_version")).toMatch(/^14\./);
  });
});

test("it offers TLS that a client can verify in full", async () => {
  const tls = await certificate(scratch, "localhost");
  await withPostgres({ tls, settings: { ssl_min_protocol_version: "TLSv1.3" } }, async (server) => {
    const verifying = { PGHOST: "localhost", PGHOSTADDR: server.host, PGSSLMODE: "verify-full", PGSSLROOTCERT: tls.cert };
    expect(await psql(server, "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()", verifying)).toBe("t|TLSv1.3");
    await expect(psql(server, "select 1", { ...verifying, PGHOST: "elsewhere.example" })).rejects.toThrow(/does not match host name/);
  });
});

test("a setting that the server refuses is told with the server's own words, and nothing is left", async () => {
  const log = path.join(scratch, "refused.log");
  await expect(postgres({ settings: { no_such_setting: "1" }, log })).rejects.toMatchObject({
    name: "ServiceNotReady",
    message: "PostgreSQL ended with exit code 1 while it started",
    hint: expect.stringContaining('unrecognized configuration parameter "no_such_setting"'),
  });
  expect(existsSync(log)).toBe(true);
});

test("without an installation the error names the set-up script", async () => {
  await expect(postgres({ bin: "/nonexistent/bin" })).rejects.toMatchObject({
    name: "ServiceNotInstalled",
    fault: "input",
    message: "PostgreSQL is not installed in this clone",
    hint: "Run node scripts/setup.mjs, then try again.",
  });
});
