import {
  type Bytes,
  DigestMismatch,
  KeyUnavailable,
  NotDecryptable,
  type Owner,
  type Sealed,
  type Unseal,
  type UnsealRange,
} from "@holdfast/core";
import { decrypt } from "./decrypt.ts";
import { CipherDigests, PlainDigests } from "./digests.ts";
import type { AgeIdentity } from "./identities.ts";
import { type KmsClient, kmsIdentity, refusedTheStanza, sawTheStanza } from "./kms.ts";
import { authenticateRange, openFile } from "./range.ts";
import { held, once, tap } from "./streams.ts";
import { unzstd } from "./unzstd.ts";

/** `identities`: offline keys, `AGE-SECRET-KEY-1…`, tried first. `kms.keys`: ARNs of the envelope keys that are trusted, no others are called. */
export type UnsealConfig = { identities?: readonly string[]; kms?: { client: KmsClient; keys: readonly string[] } | undefined };
type Expected = Sealed & { compressed: boolean };

export function createUnseal(config: UnsealConfig): Unseal {
  return {
    unseal: (body, expected, owner) => once(() => unsealing(body, expected, identitiesOf(config, owner))),
  };
}

export function createUnsealRange(config: UnsealConfig): UnsealRange {
  return {
    async authenticate(file, range, owner) {
      try {
        await authenticateRange(await openFile(file, identitiesOf(config, owner)), range);
      } catch (error) {
        if (error instanceof KeyUnavailable && refusedTheStanza(error)) throw otherKey(error);
        throw error;
      }
    },
  };
}

/** No digest is at hand to tell damage from a wrong key, and none is needed where KMS answered that it never wrapped this for this owner. */
function otherKey(cause: KeyUnavailable): NotDecryptable {
  return new NotDecryptable("the KMS stanza of the age header is not what was wrapped for this source and slot", "Use another backup.", {
    cause,
  });
}

const identitiesOf = ({ identities = [], kms }: UnsealConfig, owner: Owner): AgeIdentity[] => [
  ...identities,
  ...(kms ? [kmsIdentity(kms.client, kms.keys, owner)] : []),
];

async function* unsealing(body: Bytes, expected: Expected, identities: readonly AgeIdentity[]): AsyncGenerator<Uint8Array, undefined> {
  const before = new CipherDigests();
  const after = new PlainDigests();
  const cipher = tap(body, (chunk) => {
    before.update(chunk);
    if (before.bytes > expected.bytes) throw mismatch("length", expected.bytes, `${before.bytes} or more`);
  });
  try {
    const plain = decrypt(held(cipher), identities);
    yield* tap(expected.compressed ? unzstd(plain, { limit: expected.plain.bytes }) : plain, (chunk) => after.update(chunk));
    compare({ ...before.finish(), plain: after.finish() }, expected);
  } catch (error) {
    if (error instanceof KeyUnavailable && sawTheStanza(error)) await blameDamage(cipher, before, expected);
    throw error;
  } finally {
    await cipher.return(undefined);
  }
}

/**
 * A key that does not fit and a stanza that was damaged look the same. The digests tell them apart, so the rest is read for them, and what
 * is then thrown is the damage; without damage the key was the trouble.
 */
async function blameDamage(cipher: AsyncGenerator<Uint8Array>, before: CipherDigests, expected: Expected): Promise<void> {
  for await (const _ of cipher);
  compare({ ...before.finish(), plain: expected.plain }, expected);
}

/** Throws {@link DigestMismatch} for the first that differs. */
function compare(found: Sealed, expected: Sealed): void {
  const pairs: [string, string | number, string | number][] = [
    ["length", found.bytes, expected.bytes],
    ["SHA-256", found.sha256, expected.sha256],
    ["CRC32C", found.crc32c, expected.crc32c],
    ["CRC64NVME", found.crc64nvme, expected.crc64nvme],
    ["length of the plaintext", found.plain.bytes, expected.plain.bytes],
    ["SHA-256 of the plaintext", found.plain.sha256, expected.plain.sha256],
  ];
  for (const [what, is, should] of pairs) if (is !== should) throw mismatch(what, should, is);
}

function mismatch(what: string, should: string | number, is: string | number): DigestMismatch {
  return new DigestMismatch(
    `the ${what} of the artifact is ${is}, its manifest says ${should}`,
    "The artifact was changed after it was made, or the manifest is not its own. Take another backup.",
  );
}
