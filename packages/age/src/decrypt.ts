import type { KeyObject } from "node:crypto";
import { type Bytes, give, NotDecryptable } from "@holdfast/core";
import { cutHeader, openHeader } from "./header.ts";
import type { AgeIdentity } from "./identities.ts";
import { batchChunks, nonceBytes, openChunks, payloadKey, sealedChunkBytes } from "./payload.ts";
import { Reader } from "./reader.ts";

/**
 * The plaintext of an age v1 file. Hands out authenticated bytes only; a clean end means that the file was whole and nothing followed it.
 * What came before a failure is authentic and must not count.
 *
 * Throws {@link NotDecryptable} (header, a changed, swapped, missing or empty chunk, a cut, trailing bytes), {@link KeyUnavailable} when no
 * identity matches or KMS refuses, `SecretUnusable` for a malformed identity, and what the source throws.
 */
export async function* decrypt(cipher: Bytes, identities: readonly AgeIdentity[]): Bytes {
  const reader = new Reader(cipher);
  try {
    const fileKey = await openHeader(await cutHeader(reader), identities);
    const nonce = new Uint8Array(nonceBytes);
    if ((await reader.fill(nonce)) < nonceBytes) throw notWhole("the age file ends before its first chunk");
    yield* openPayload(reader, payloadKey(fileKey, nonce));
  } finally {
    await reader.close();
  }
}

async function* openPayload(reader: Reader, key: KeyObject): Bytes {
  const batch = Buffer.allocUnsafeSlow(batchChunks * sealedChunkBytes);
  for (let first = 0, last = false; !last; first += batchChunks) {
    const filled = await reader.fill(batch);
    last = await reader.atEnd();
    yield* openedChunks(key, first, batch.subarray(0, filled), last);
  }
}

/** Chunks `first` and following; those before a bad one are handed out, then it throws {@link NotDecryptable}. */
export function* openedChunks(key: KeyObject, first: number, sealed: Uint8Array, last: boolean): Iterable<Uint8Array> {
  const { plain, bad } = openChunks(key, first, sealed, last);
  if (plain.length > 0) yield give(plain);
  if (bad !== undefined) throw notWhole(`chunk ${bad} of the age file is not authentic, or not the last one though the file ends`);
}

function notWhole(message: string): NotDecryptable {
  return new NotDecryptable(message, "The file was changed, cut or added to. Take another backup.");
}
