import type { Bytes, Owner, Seal, Sealed } from "@holdfast/core";
import { CipherDigests, PlainDigests } from "./digests.ts";
import { encrypt } from "./encrypt.ts";
import { SealAbandoned } from "./errors.ts";
import { type KmsClient, kmsRecipient } from "./kms.ts";
import { type AgeRecipient, checkRecipients } from "./recipients.ts";
import { once, tap } from "./streams.ts";
import { zstd } from "./zstd.ts";

/** `offlineKeys`: the `age1…` of the plan. `kms`: the envelope key, by its ARN, for opening without an offline key. */
export type SealConfig = { offlineKeys: readonly string[]; kms?: { client: KmsClient; keyId: string } | undefined };

/** Throws `RecipientUnusable`, `RecipientsMixed` or `RecipientsMissing` now, not at the first backup. */
export function createSeal({ offlineKeys, kms }: SealConfig): Seal {
  const recipientsFor = (owner: Owner): AgeRecipient[] => [...offlineKeys, ...(kms ? [kmsRecipient(kms.client, kms.keyId, owner)] : [])];
  checkRecipients(recipientsFor({ source: "", slot: "" }));
  return {
    recipients: [...offlineKeys, ...(kms ? [`kms:${kms.keyId}`] : [])],
    seal(plain, owner, options) {
      const { promise: sealed, resolve, reject } = Promise.withResolvers<Sealed>();
      // Whoever stores the body hears of its failure there and may never look here.
      sealed.catch(() => {});
      const body = once(
        () => sealing(plain, recipientsFor(owner), options, { resolve, reject }),
        () => reject(new SealAbandoned()),
      );
      return { body, sealed };
    },
  };
}

type Settle = { resolve(sealed: Sealed): void; reject(error: unknown): void };

async function* sealing(
  plain: Bytes,
  recipients: readonly AgeRecipient[],
  { compress, progress }: { compress: boolean; progress(bytes: number): void },
  settle: Settle,
): AsyncGenerator<Uint8Array, undefined> {
  const before = new PlainDigests();
  const after = new CipherDigests();
  const seen = tap(plain, (chunk) => {
    before.update(chunk);
    progress(chunk.length);
  });
  try {
    yield* tap(encrypt(compress ? zstd(seen) : seen, recipients), (chunk) => after.update(chunk));
    settle.resolve({ ...after.finish(), plain: before.finish() });
  } catch (error) {
    settle.reject(error);
    throw error;
  }
}
