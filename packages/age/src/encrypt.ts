import { type KeyObject, randomBytes } from "node:crypto";
import { type Bytes, give } from "@holdfast/core";
import { makeHeader } from "./header.ts";
import { batchChunks, nonceBytes, payloadKey, plainChunkBytes, sealChunks } from "./payload.ts";
import { Reader } from "./reader.ts";
import type { AgeRecipient } from "./recipients.ts";

/**
 * An age v1 file (https://c2sp.org/age) of `plain`. Memory is flat and the source is read only as fast as the consumer reads.
 * Throws `RecipientUnusable`, `RecipientsMixed`, `RecipientsMissing`, {@link KeyUnavailable} when KMS refuses, and what the source throws.
 */
export async function* encrypt(plain: Bytes, recipients: readonly AgeRecipient[]): Bytes {
  const reader = new Reader(plain);
  try {
    const { header, fileKey } = await makeHeader(recipients);
    const nonce = randomBytes(nonceBytes);
    yield Buffer.concat([header, nonce]);
    yield* sealPayload(reader, payloadKey(fileKey, nonce));
  } finally {
    await reader.close();
  }
}

async function* sealPayload(reader: Reader, key: KeyObject): Bytes {
  const batch = Buffer.allocUnsafeSlow(batchChunks * plainChunkBytes);
  for (let first = 0, last = false; !last; first += batchChunks) {
    const filled = await reader.fill(batch);
    last = await reader.atEnd();
    yield give(sealChunks(key, first, batch.subarray(0, filled), last));
  }
}
