import type { KeyObject } from "node:crypto";
import { type Bytes, free, type Range, type SealedFile } from "@holdfast/core";
import { openedChunks } from "./decrypt.ts";
import { RangeOutside } from "./errors.ts";
import { cutHeader, headerCap, openHeader } from "./header.ts";
import type { AgeIdentity } from "./identities.ts";
import { plaintextLength } from "./lengths.ts";
import { batchChunks, nonceBytes, payloadKey, plainChunkBytes, sealedChunkBytes } from "./payload.ts";
import { Reader } from "./reader.ts";

/** Its header opened once; ranges of it can then be decrypted in any order and at once. */
export type OpenFile = { plainBytes: number; payloadFrom: number; key: KeyObject; file: SealedFile };

/**
 * Opens the header, and authenticates the last chunk, so that `plainBytes` is the writer's length and not that of a cut file
 * (c2sp.org/age asks for this before seeking). Throws what `decrypt` throws.
 */
export async function openFile(file: SealedFile, identities: readonly AgeIdentity[]): Promise<OpenFile> {
  const reader = new Reader(file.read(0, Math.min(file.bytes, headerCap + nonceBytes)));
  try {
    const header = await cutHeader(reader);
    const nonce = new Uint8Array(nonceBytes);
    await reader.fill(nonce);
    const plainBytes = plaintextLength(header.length, file.bytes);
    const key = payloadKey(await openHeader(header, identities), nonce);
    const open = { plainBytes, payloadFrom: header.length + nonceBytes, key, file };
    for await (const _ of openChunkRange(open, lastChunk(plainBytes), lastChunk(plainBytes) + 1));
    return open;
  } finally {
    await reader.close();
  }
}

/** Plaintext `from` up to but without `to`. Throws {@link RangeOutside} and what `decrypt` throws. */
export async function* decryptRange(open: OpenFile, from: number, to: number): Bytes {
  if (!(from >= 0 && from <= to && to <= open.plainBytes)) throw new RangeOutside(from, to, open.plainBytes);
  if (from === to) return;
  const first = Math.floor(from / plainChunkBytes);
  let at = first * plainChunkBytes;
  for await (const plain of openChunkRange(open, first, Math.ceil(to / plainChunkBytes))) {
    yield plain.subarray(Math.max(0, from - at), Math.min(plain.length, to - at));
    at += plain.length;
  }
}

/**
 * Opens each chunk that has bytes in `range` of the sealed file, which tells whether it is what was sealed at that place. Those of the header are
 * proven by {@link openFile}. Throws {@link NotDecryptable}.
 */
export async function authenticateRange(open: OpenFile, { from, to }: Range): Promise<void> {
  const chunkAt = (sealed: number) => Math.max(0, sealed - open.payloadFrom) / sealedChunkBytes;
  const end = Math.min(lastChunk(open.plainBytes) + 1, Math.ceil(chunkAt(to)));
  const first = Math.floor(chunkAt(from));
  if (first < end) for await (const plain of openChunkRange(open, first, end)) free(plain);
}

const lastChunk = (plainBytes: number): number => Math.max(0, Math.ceil(plainBytes / plainChunkBytes) - 1);

/** Whole chunks `first` up to but without `end`. */
async function* openChunkRange({ plainBytes, payloadFrom, key, file }: OpenFile, first: number, end: number): Bytes {
  const from = payloadFrom + first * sealedChunkBytes;
  const reader = new Reader(file.read(from, Math.min(file.bytes, payloadFrom + end * sealedChunkBytes)));
  const batch = Buffer.allocUnsafeSlow(batchChunks * sealedChunkBytes);
  try {
    for (let index = first; index < end; index += batchChunks) {
      const filled = await reader.fill(batch.subarray(0, (end - index) * sealedChunkBytes));
      const last = Math.min(index + batchChunks, end) - 1 === lastChunk(plainBytes);
      yield* openedChunks(key, index, batch.subarray(0, filled), last);
    }
  } finally {
    await reader.close();
  }
}
