import type { Bytes } from "./bytes.ts";
import type { Range } from "./store.ts";

/** Whose bytes they are: bound to the ciphertext as KMS encryption context, so one source's key use cannot open another's. */
export type Owner = { source: string; slot: string };

/** Digests of a sealed artifact, lower-case hexadecimal. CRC32C and CRC64NVME are of the ciphertext, for comparison with stores. */
export type Sealed = {
  bytes: number;
  sha256: string;
  crc32c: string;
  crc64nvme: string;
  plain: { bytes: number; sha256: string };
};

/** Compresses (zstd), encrypts (age v1) and digests in one pass with flat memory. */
export interface Seal {
  /** Recipients as the manifest lists them: `age1…` and `kms:{key arn}`. */
  readonly recipients: readonly string[];
  /** `sealed` resolves after the last byte of `body` was consumed, and rejects with what made `body` fail. `progress` counts plaintext. */
  seal(plain: Bytes, owner: Owner, options: { compress: boolean; progress(bytes: number): void }): { body: Bytes; sealed: Promise<Sealed> };
}

/** Opens what {@link Seal} made. */
export interface Unseal {
  /**
   * Plaintext. Checks every digest in `expected` in the same pass. Hands out only authenticated bytes. Throws, each of fault "backup":
   * {@link DigestMismatch}, {@link NotDecryptable} (header, chunk, truncation, trailing bytes), {@link NotDecompressible} (cut frame, trailing data).
   */
  unseal(body: Bytes, expected: Sealed & { compressed: boolean }, owner: Owner): Bytes;
}

/** A sealed file that is read in ranges. `read` yields bytes `from` up to but without `to`, all of them or an error. */
export type SealedFile = { bytes: number; read(from: number, to: number): Bytes };

/** Proves parts of what {@link Seal} made, without the rest. */
export interface UnsealRange {
  /**
   * Reads the header, the chunks that have bytes in `range` (of the sealed file), and the last one, and hands nothing out: ends well only where each
   * is what was sealed at that place of a file of that length. Throws {@link NotDecryptable}, {@link KeyUnavailable}, and what `file` throws.
   */
  authenticate(file: SealedFile, range: Range, owner: Owner): Promise<void>;
}
