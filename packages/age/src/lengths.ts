import { NotDecryptable } from "@holdfast/core";
import { nonceBytes, plainChunkBytes, sealedChunkBytes } from "./payload.ts";

const tagBytes = sealedChunkBytes - plainChunkBytes;

/** Bytes of the age file that holds `plainBytes`, its header being `headerBytes` long. */
export function ciphertextLength(headerBytes: number, plainBytes: number): number {
  return headerBytes + nonceBytes + plainBytes + tagBytes * Math.max(1, Math.ceil(plainBytes / plainChunkBytes));
}

/** Bytes of plaintext in an age file of `cipherBytes`. Throws {@link NotDecryptable} on a length that no age file has. */
export function plaintextLength(headerBytes: number, cipherBytes: number): number {
  const payload = cipherBytes - headerBytes - nonceBytes;
  const chunks = Math.ceil(payload / sealedChunkBytes);
  const plain = payload - chunks * tagBytes;
  if (plain < 0 || ciphertextLength(headerBytes, plain) !== cipherBytes) {
    throw new NotDecryptable(
      `no age file is ${cipherBytes} bytes long`,
      "The file was cut or something was added to it. Take another backup.",
    );
  }
  return plain;
}
