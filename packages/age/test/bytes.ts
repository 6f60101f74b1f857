import { randomBytes } from "node:crypto";
import { type Bytes, free } from "@holdfast/core";

/** `data` in pieces of the sizes given, in turn and again from the first. */
export async function* inPieces(data: Uint8Array, sizes: readonly number[] = [data.length || 1]): Bytes {
  for (let at = 0, turn = 0; at < data.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield data.subarray(at, at + size);
    at += size;
  }
}

/** As a reader that copies does: what was freed too early shows. */
function taken(chunk: Uint8Array): Buffer {
  const copy = Buffer.from(chunk);
  free(chunk);
  return copy;
}

export async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(taken(chunk));
  return Buffer.concat(chunks);
}

/** What came before the stream failed, and how it failed. */
export async function collectUntilError(bytes: Bytes): Promise<{ got: Buffer; error: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of bytes) chunks.push(taken(chunk));
    return { got: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { got: Buffer.concat(chunks), error };
  }
}

/** Counts what is taken from it, and knows whether its iterator was returned. */
export function watched(source: Bytes): { bytes: Bytes; seen: { chunks: number; bytes: number; returned: boolean } } {
  const seen = { chunks: 0, bytes: 0, returned: false };
  async function* watching(): Bytes {
    try {
      for await (const chunk of source) {
        seen.chunks++;
        seen.bytes += chunk.length;
        yield chunk;
      }
    } finally {
      seen.returned = true;
    }
  }
  return { bytes: watching(), seen };
}

export async function* endless(chunk: Uint8Array): Bytes {
  for (;;) yield chunk;
}

/** Different ones each time: repeated bytes would compress to nothing and never fill a buffer. */
export async function* endlessRandom(): Bytes {
  for (;;) yield randomBytes(65_536);
}

/** Half of it random, half of it text that compresses. */
export function mixed(bytes: number): Buffer {
  const text = Buffer.alloc(Math.ceil(bytes / 2), "42\tsome name\t2026-11-21 07:00:00+00\tt\n");
  return Buffer.concat([randomBytes(Math.floor(bytes / 2)), text]).subarray(0, bytes);
}
