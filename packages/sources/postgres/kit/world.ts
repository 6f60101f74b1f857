import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backup, Bytes, Capture, Context, Execution, Finding, Opened, Surroundings } from "@holdfast/core";
import { Client } from "pg";
import { buildLayer, hostArch } from "../../../../scripts/layers.mjs";
import { nobody } from "../../../../test/kit/identity.ts";
import type { Native } from "../native.ts";

/** Where a server listens and who may do everything there. */
export type Server = { host: string; port: number; user: string; password: string };

export type World = {
  surroundings: Surroundings;
  /** Puts a secret and gives its name. */
  secret(name: string, value: unknown): string;
  end(): Promise<void>;
};

/** Surroundings as a function has them: the real layer, a scratch folder, secrets in memory. */
export async function openWorld(): Promise<World> {
  const secrets = new Map<string, string>();
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-postgres-"));
  const { folder } = await buildLayer(hostArch());
  return {
    surroundings: {
      scratch,
      identity: nobody,
      region: "eu-central-1",
      layer: (name) => join(folder, name),
      async secrets(name) {
        const found = secrets.get(name);
        if (found === undefined) throw new Error(`no secret ${name}`);
        return found;
      },
    },
    secret(name, value) {
      secrets.set(name, typeof value === "string" ? value : JSON.stringify(value));
      return name;
    },
    end: () => rm(scratch, { recursive: true, force: true }),
  };
}

/** An execution that nobody stops. */
export const executionOf = (id: string): Execution => ({ id, started: new Date(), running: async () => true });

export const secretOf = ({ host, port, user, password }: Server) => ({ host, port, username: user, password });

export function aContext(signal = new AbortController().signal): Context {
  return { now: () => new Date(), signal, progress: () => {} };
}

/** Runs SQL as the server's superuser, or as somebody else. */
export async function sql<Row = Record<string, unknown>>(
  at: Server,
  database: string,
  text: string,
  as: Partial<Server> = {},
): Promise<Row[]> {
  const { host, port, user, password } = { ...at, ...as };
  const client = new Client({ host, port, user, password, database, ssl: false });
  await client.connect();
  try {
    const result = await client.query(text);
    return (Array.isArray(result) ? result.at(-1) : result).rows;
  } finally {
    await client.end();
  }
}

export async function whole(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export type Taken = { opened: Opened<Native>; files: Map<string, Buffer>; findings: readonly Finding[] };

/** Takes a backup into memory, as core's `backup` would into a store. */
export async function take(capture: Capture<Native>, context = aContext(), slot = "20261121T020000Z"): Promise<Taken> {
  const captured = await capture.capture({ source: "shop", at: new Date(), attempt: "attempt1" }, context);
  if (captured.state !== "ready") throw new Error("not ready");
  const files = new Map<string, Buffer>();
  for await (const produced of captured.artifacts) {
    produced.done.catch(() => {});
    files.set(produced.name, await whole(produced.bytes));
    await produced.done;
  }
  return { files, findings: captured.findings, opened: openedOf(files, await captured.native(), slot) };
}

/** A backup over files in memory; `open` gives a new stream each time, in pieces that fit nothing. */
export function openedOf(files: Map<string, Buffer>, native: Native, slot = "20261121T020000Z"): Opened<Native> {
  const artifacts = [...files].map(([name, bytes]) => ({ name, plainBytes: bytes.length }));
  const backup: Backup<Native> = { source: "shop", slot, manifestSha256: "0".repeat(64), artifacts, native };
  return { backup, open: (name) => inPieces(files.get(name) ?? Buffer.alloc(0)) };
}

const PIECE = 49_999;
async function* inPieces(bytes: Buffer): Bytes {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}
