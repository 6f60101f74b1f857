import type { Backup, Bytes, Capture, Context, Finding, Opened } from "@holdfast/core";

export function aContext(signal = new AbortController().signal): Context {
  return { now: () => new Date(), signal, progress: () => {} };
}

export async function whole(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export type Taken<Native> = { opened: Opened<Native>; files: Map<string, Buffer>; findings: readonly Finding[] };

/** Takes a backup into memory, as core's `backup` would into a store. */
export async function take<Native>(capture: Capture<Native>, context = aContext(), slot = "20261121T020000Z"): Promise<Taken<Native>> {
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
export function openedOf<Native>(files: Map<string, Buffer>, native: Native, slot = "20261121T020000Z"): Opened<Native> {
  const artifacts = [...files].map(([name, bytes]) => ({ name, plainBytes: bytes.length }));
  const backup: Backup<Native> = { source: "shop", slot, manifestSha256: "0".repeat(64), artifacts, native };
  return { backup, open: (name) => inPieces(files.get(name) ?? Buffer.alloc(0)) };
}

const PIECE = 49_999;
export async function* inPieces(bytes: Buffer, piece = PIECE): Bytes {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}
