import { createWriteStream } from "node:fs";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Bytes } from "@holdfast/core";
import type { Loader } from "./claim.ts";
import { bareEnvironment, clientEnvironment, programPath } from "./client.ts";
import type { At } from "./dump.ts";
import { ClientKilled, LoadFailed } from "./errors.ts";
import { type Ending, endingWords, type Job, start } from "./program.ts";
import { type Omit, selectEntries } from "./toclist.ts";

/** Beside the archive the list of contents needs room, and a full disk helps nobody. */
const SPARE = 64 * 2 ** 20;
/** A Lambda has two cores up to 3.5 GB of memory, and the server does most of the work. */
const JOBS = 2;

export type Archive = { bytes: number; open(): Bytes };

/**
 * Loads an archive into a database as the loading role, with the client of the target's own major version: it reads every archive of that version
 * and of older ones, and sets no parameter that the server does not know. Parallel from disk where the folder has the room, else as it streams in.
 * The first error ends it: what is left is thrown away with its database.
 */
export async function load(at: At, database: string, as: Loader, archive: Archive, omit: Omit): Promise<void> {
  const file = (await hasRoom(at.folder, archive.bytes)) ? join(at.folder, "archive") : undefined;
  try {
    if (file) await pipeline(Readable.from(archive.open()), createWriteStream(file, { mode: 0o600 }), { signal: at.signal });
    const list = join(at.folder, "list");
    await writeFile(list, selectEntries(await listEntries(at, file, archive), omit));
    await restore(at, database, as, list, file, archive);
  } catch (error) {
    throw at.signal.aborted ? at.signal.reason : error;
  } finally {
    if (file) await rm(file, { force: true });
  }
}

async function hasRoom(folder: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize > bytes + SPARE;
}

/** Only the head of the archive is read for it: a stream is left there and opened anew for the load. */
async function listEntries(at: At, file: string | undefined, archive: Archive): Promise<string> {
  const input = file ? {} : { input: archive.open(), partly: true };
  const running = start({
    ...job(at),
    env: bareEnvironment(at.surroundings, at.folder),
    args: ["--list", ...(file ? [file] : [])],
    ...input,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of running.output) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function restore(at: At, database: string, as: Loader, list: string, file: string | undefined, archive: Archive): Promise<void> {
  const safe = [
    "--exit-on-error",
    "--no-owner",
    "--no-acl",
    "--no-tablespaces",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
  ];
  // An empty name makes pg_restore take the one in the environment, where it cannot be mistaken for a connection string.
  const args = [...safe, "--no-password", "--dbname=", `--use-list=${list}`, ...(file ? [`--jobs=${JOBS}`, file] : [])];
  const env = await clientEnvironment(
    { ...at.login, user: as.user, password: async () => as.password },
    database,
    at.surroundings,
    at.folder,
  );
  await start({ ...job(at), env, args, ...(file ? {} : { input: archive.open() }) }).done;
}

function job(at: At): Pick<Job, "path" | "folder" | "signal" | "failed"> {
  return { path: programPath(at.surroundings, at.major, "pg_restore"), folder: at.folder, signal: at.signal, failed: loadError };
}

function loadError(ending: Ending): Error {
  if (ending.signal === "SIGKILL" || ending.signal === "SIGTERM") return new ClientKilled("pg_restore", ending.signal);
  return new LoadFailed(endingWords(ending), tellable(ending.said));
}

/** pg_restore's own first errors. Names and values stand in quotes, rows in the lines after; both are data, and this ends up in logs. */
export function tellable(said: string): string {
  const errors = said.split("\n").filter((line) => /^pg_restore: (error|fatal): /.test(line));
  return errors
    .slice(0, 2)
    .map((line) => line.replace(/^pg_restore: /, "").replaceAll(/"[^"]*"?/g, '"…"'))
    .join(" | ");
}
