import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Capture, CaptureFactory, Captured, Context, Finding, Produced, Surroundings } from "@holdfast/core";
import { bareEnvironment, programPath, versionText } from "./client.ts";
import type { Config, Incompleteness } from "./config.ts";
import { type Connect, connector } from "./connect.ts";
import { CONTENTS, GLOBALS } from "./contents.ts";
import { type Dumped, dumpDatabase } from "./database.ts";
import type { At } from "./dump.ts";
import { ClientMissing, DumpFailed } from "./errors.ts";
import { readGlobals } from "./globals.ts";
import { openLogin } from "./login.ts";
import type { Native } from "./native.ts";
import { preflight } from "./preflight.ts";
import { lookAtServer, type Server } from "./server.ts";

/** Makes logical backups of the databases of one server: `{database}.dump` each, `globals.sql` where the login may read it, `contents.json`. */
export const capture: CaptureFactory<Config, Native> = (config, surroundings): Capture<Native> => ({
  preflight: (context) => preflight(config, surroundings, context),
  capture: (_slot, context) => begin(config, surroundings, context),
});

async function begin(config: Config, surroundings: Surroundings, context: Context): Promise<Captured<Native>> {
  const login = await openLogin(config, surroundings, context);
  const connect = connector(login, surroundings, context.signal);
  const server = await lookAtServer(config, login.home, connect, surroundings);
  const folder = await mkdtemp(join(surroundings.scratch, "postgres-"));
  const at: At = { login, surroundings, folder, major: server.major, signal: context.signal };
  const made: Made = { client: await clientVersion(at), dumped: [], globals: false, findings: [] };
  return {
    state: "ready",
    artifacts: artifacts(config, at, connect, server, made, context),
    native: async () => nativeOf(server, made, config),
    findings: made.findings,
  };
}

type Made = { client: string; dumped: Dumped[]; globals: boolean; findings: Finding[] };

async function* artifacts(
  config: Config,
  at: At,
  connect: Connect,
  server: Server,
  made: Made,
  context: Context,
): AsyncGenerator<Produced> {
  for (const database of server.databases) made.dumped.push(yield* dumpDatabase(database, at, connect, config, context));
  const globals = await readGlobals(at);
  made.globals = "text" in globals;
  const finding = "text" in globals ? globals.left : globals.missing;
  if (finding) made.findings.push(finding);
  if ("text" in globals) yield small(GLOBALS, globals.text);
  const databases = made.dumped.map((it) => it.contents);
  const contents = { format: "holdfast-postgres-contents/1", server: versionText(server.version), client: made.client, databases };
  yield small(CONTENTS, Buffer.from(JSON.stringify(contents)));
}

function small(name: string, bytes: Buffer): Produced {
  async function* once() {
    yield bytes;
  }
  return { name, compress: true, bytes: once(), done: Promise.resolve() };
}

function nativeOf(server: Server, made: Made, config: Config): Native {
  if (made.dumped.length < server.databases.length) throw new DumpFailed("the backup", "asked too early", "not every database is dumped");
  return {
    format: "holdfast-postgres/1",
    server: server.version,
    client: made.client,
    databases: made.dumped.map((it) => it.native),
    globals: made.globals,
    incomplete: config.allowIncomplete.filter((name) => made.dumped.some((it) => isMissing(name, it))),
  };
}

function isMissing(name: Incompleteness, { contents, lostLargeObjects }: Dumped): boolean {
  if (name === "unreadable-large-objects") return lostLargeObjects;
  const why = name === "unreadable-tables" ? "unreadable" : name;
  return contents.tables.some((table) => table.without === why);
}

async function clientVersion(at: At): Promise<string> {
  const path = programPath(at.surroundings, at.major, "pg_dump");
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { env: bareEnvironment(at.surroundings, at.folder) });
    return stdout.trim().split(" ").at(-1) ?? "unknown";
  } catch (cause) {
    throw new ClientMissing(path, { cause });
  }
}
