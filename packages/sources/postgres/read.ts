import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import {
  type Bytes,
  type Context,
  type Finding,
  HoldfastError,
  type Opened,
  type Read,
  type ReadFactory,
  type Surroundings,
} from "@holdfast/core";
import { type Archive, ArchiveReader, FormatBroken, FormatUnknown } from "./archive.ts";
import { bareEnvironment, clientMajors, programPath } from "./client.ts";
import { compareArchive, disagreement } from "./compare.ts";
import { CONTENTS, type Contents, GLOBALS } from "./contents.ts";
import { doubts } from "./doubts.ts";
import { ArchiveBroken, ClientKilled, ClientMissing } from "./errors.ts";
import { COMPLETE } from "./globals.ts";
import type { Native } from "./native.ts";
import { openContents } from "./opencontents.ts";
import { type Ending, endingWords, start } from "./program.ts";

/**
 * Reads every artifact to its end: pg_restore parses each archive, and the rows that stand in it are counted on the way and must be those that
 * were counted in the dump's own snapshot. Nothing is started with more than a library path, so a hostile archive finds nothing to tell.
 */
export const read: ReadFactory<Native> = (surroundings): Read<Native> => ({
  async read(opened, previous, context) {
    const { backup } = opened;
    const contents = await openContents(opened);
    const wrong = disagreement(contents, backup.native, backup.artifacts);
    if (wrong) throw new ArchiveBroken(CONTENTS, wrong);
    const findings: Finding[] = [];
    for (const database of contents.databases) {
      const archive = await readArchive(opened, database.dump, surroundings, context);
      findings.push(...(archive ? compareArchive(archive, database) : [notCounted(database.dump)]));
    }
    if (backup.native.globals) await readGlobals(opened);
    return [...findings, ...(previous ? await compareWith(previous, opened, contents) : [])];
  },
});

/** Undefined where the archive's format is one that only pg_restore knows. Throws {@link ArchiveBroken}, and what opening throws. */
async function readArchive(
  opened: Opened<Native>,
  artifact: string,
  surroundings: Surroundings,
  context: Context,
): Promise<Archive | undefined> {
  const reader = new ArchiveReader();
  const state = { known: true };
  const folder = await mkdtemp(join(surroundings.scratch, "postgres-"));
  const running = start({
    path: programPath(surroundings, await newest(surroundings), "pg_restore"),
    args: ["--file=/dev/null"],
    env: bareEnvironment(surroundings, folder),
    folder,
    signal: context.signal,
    failed: (ending) => readError(artifact, ending),
    input: watched(opened.open(artifact), reader, state),
  });
  try {
    await running.done;
    return state.known ? reader.end() : undefined;
  } catch (error) {
    if (error instanceof FormatBroken) throw new ArchiveBroken(artifact, error.message, { cause: error });
    throw error;
  }
}

/** A crash is the archive's doing, being killed is not. What pg_restore said may quote names, so it stays out of the message. */
function readError(artifact: string, ending: Ending): Error {
  if (ending.signal === "SIGKILL" || ending.signal === "SIGTERM") return new ClientKilled("pg_restore", ending.signal);
  return new ArchiveBroken(artifact, `cannot be read to its end by pg_restore (${endingWords(ending)})`, { cause: new Error(ending.said) });
}

/** Shows every chunk to the reader on its way to pg_restore. */
async function* watched(bytes: Bytes, reader: ArchiveReader, state: { known: boolean }): Bytes {
  for await (const chunk of bytes) {
    if (state.known) show(chunk, reader, state);
    yield chunk;
  }
}

function show(chunk: Uint8Array, reader: ArchiveReader, state: { known: boolean }): void {
  try {
    reader.push(chunk);
  } catch (error) {
    if (!(error instanceof FormatUnknown)) throw error;
    state.known = false;
  }
}

/** A newer pg_restore reads every older archive, and has the newest fixes against hostile ones. */
async function newest(surroundings: Surroundings): Promise<number> {
  const major = (await clientMajors(surroundings)).at(-1);
  if (major === undefined) throw new ClientMissing("pg_restore");
  return major;
}

function notCounted(artifact: string): Finding {
  return {
    name: "rows-not-counted",
    severity: "note",
    message: `${artifact}: pg_restore reads it to its end, but its format is too new for its rows to be counted`,
    hint: "A drill counts them in a real server.",
  };
}

async function readGlobals({ open, backup }: Opened<Native>): Promise<void> {
  if (!backup.artifacts.some((it) => it.name === GLOBALS)) throw new ArchiveBroken(GLOBALS, "is named by the manifest and not there");
  let tail = "";
  for await (const chunk of open(GLOBALS)) tail = (tail + Buffer.from(chunk).toString("latin1")).slice(-TAIL);
  if (!tail.includes(COMPLETE)) throw new ArchiveBroken(GLOBALS, "does not end as pg_dumpall ends it");
}
/** After the marker only \unrestrict and empty lines may come. */
const TAIL = 400;

async function compareWith(previous: Opened<Native>, opened: Opened<Native>, contents: Contents): Promise<Finding[]> {
  const before = await openContents(previous).catch((error) => {
    if (!(error instanceof HoldfastError)) throw error;
    return undefined;
  });
  const found = doubts({ backup: opened.backup, contents }, { backup: previous.backup, contents: before });
  return before ? found : [...found, UNREAD];
}

const UNREAD: Finding = {
  name: "previous-not-compared",
  severity: "note",
  message: "contents.json of the backup before could not be opened, so only totals were compared",
  hint: "It may be in an archive class or its key out of reach.",
};
