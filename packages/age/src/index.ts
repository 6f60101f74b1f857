/**
 * @module @holdfast/age
 * Files that open without Holdfast: age v1 (https://c2sp.org/age) around zstd, at native speed, with all digests taken in the same pass.
 *
 * A *recipient* can open a file (an offline `age1…` key, or a KMS key), an *identity* is its private half, a *stanza* is one recipient's
 * line in the header, *sealing* is compressing, encrypting and digesting. The header is made and read by the `age-encryption` package; only
 * the payload's chunks are this package's own.
 *
 * It must not hand out a byte that is not authentic, know AWS's SDK, or be a second reader of zstd beside `unzstd`.
 */
export { decrypt } from "./decrypt.ts";
export { encrypt } from "./encrypt.ts";
export { RangeOutside, RecipientsMissing, RecipientsMixed, RecipientUnusable, SealAbandoned, StreamSpent } from "./errors.ts";
export { type AgeIdentity, parseIdentities, recipientOf } from "./identities.ts";
export { type KmsClient, kmsIdentity, kmsRecipient } from "./kms.ts";
export { ciphertextLength, plaintextLength } from "./lengths.ts";
export { decryptRange, type OpenFile, openFile } from "./range.ts";
export { type AgeRecipient, checkRecipients, generateIdentity } from "./recipients.ts";
export { createSeal, type SealConfig } from "./seal.ts";
export { createUnseal, createUnsealRange, type UnsealConfig } from "./unseal.ts";
export { unzstd } from "./unzstd.ts";
export { zstd } from "./zstd.ts";
