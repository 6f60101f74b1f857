import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backup, Bytes, Capture, Context, Finding, Identity, Opened, Surroundings } from "@holdfast/core";
import type { Native } from "../native.ts";

export type World = {
  surroundings: Surroundings;
  /** Puts a secret, or replaces it, and gives its name. */
  secret(name: string, value: unknown): string;
  end(): Promise<void>;
};

/** Nobody asks AWS unless a test brings an identity. */
const nobody: Identity = {
  token: () => Promise.reject(new Error("no identity in this test")),
  callerIdentity: () => Promise.reject(new Error("no identity in this test")),
};

/** Surroundings as a function has them: a scratch folder, secrets in memory, no layer. */
export async function openWorld(identity: Identity = nobody): Promise<World> {
  const secrets = new Map<string, string>();
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-vault-"));
  return {
    surroundings: {
      scratch,
      region: "eu-central-1",
      identity,
      layer: (name) => join("/nowhere", name),
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

export function aContext(signal = new AbortController().signal): Context {
  return { now: () => new Date(), signal, progress: () => {} };
}

export async function whole(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export type Taken = { opened: Opened<Native>; files: Map<string, Buffer>; findings: readonly Finding[] };

/** Takes a backup into memory, as core's `backup` would into a store. */
export async function take(capture: Capture<Native>, context = aContext(), slot = "20261121T020000Z"): Promise<Taken> {
  const captured = await capture.capture({ source: "secrets", at: new Date(), attempt: "attempt1" }, context);
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
  const backup: Backup<Native> = { source: "secrets", slot, manifestSha256: "0".repeat(64), artifacts, native };
  return { backup, open: (name) => inPieces(files.get(name) ?? Buffer.alloc(0)) };
}

const PIECE = 49_999;
export async function* inPieces(bytes: Buffer, piece = PIECE): Bytes {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}
