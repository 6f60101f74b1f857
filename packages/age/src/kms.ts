import { KeyUnavailable, NotDecryptable, type Owner } from "@holdfast/core";
import { type Identity, type Recipient, Stanza } from "age-encryption";
import { RecipientUnusable } from "./errors.ts";

/**
 * The two calls of KMS that an envelope needs, without its SDK. Context is KMS's encryption context: both calls must name the same,
 * and CloudTrail shows it. `keyId` is a key ARN. Errors are KMS's own; they become the cause of {@link KeyUnavailable}.
 */
export interface KmsClient {
  encrypt(keyId: string, plaintext: Uint8Array, context: Record<string, string>): Promise<Uint8Array>;
  decrypt(keyId: string, ciphertext: Uint8Array, context: Record<string, string>): Promise<Uint8Array>;
}

/** The stanza is `holdfast.dev/kms {key ARN}`: https://c2sp.org/age asks third parties for a name that starts with a domain. */
const stanzaName = "holdfast.dev/kms";
/** What a stanza's argument may hold (VCHAR); an ARN always does. */
const argument = /^[!-~]{1,2048}$/;
const fileKeyBytes = 16;

const contextOf = (owner: Owner): Record<string, string> => ({ source: owner.source, slot: owner.slot });

/** Wraps the file key with one KMS key, bound to its owner. Throws {@link KeyUnavailable} when KMS refuses. */
export function kmsRecipient(kms: KmsClient, keyId: string, owner: Owner): Recipient {
  if (!argument.test(keyId)) throw new RecipientUnusable(keyId, "is no KMS key ARN");
  return {
    async wrapFileKey(fileKey) {
      const wrapped = await refusing(() => kms.encrypt(keyId, fileKey, contextOf(owner)));
      return [new Stanza([stanzaName, keyId], wrapped)];
    },
  };
}

/**
 * Unwraps stanzas of the KMS keys in `trusted` and of no other: a forged file may name its maker's key. A multi-Region key matches its
 * replicas, and the ARN of `trusted` is the one that is called.
 */
export function kmsIdentity(kms: KmsClient, trusted: readonly string[], owner: Owner): Identity {
  return {
    async unwrapFileKey(stanzas) {
      for (const stanza of stanzas.filter(({ args }) => args[0] === stanzaName)) {
        const keyId = trusted.find((key) => sameKey(key, keyOf(stanza)));
        if (keyId !== undefined) return wholeKey(await refusing(() => kms.decrypt(keyId, stanza.body, contextOf(owner))));
      }
      return null;
    },
  };
}

function keyOf(stanza: Stanza): string {
  const [, keyId, more] = stanza.args;
  if (keyId === undefined || more !== undefined) throw new NotDecryptable("the KMS stanza of the age header is malformed", hint);
  return keyId;
}

/** MiniStack and a forger may answer with anything; that it is the right key is for the header's MAC to say. */
function wholeKey(fileKey: Uint8Array): Uint8Array {
  if (fileKey.length !== fileKeyBytes) throw new NotDecryptable("KMS unwrapped something that is no age file key", hint);
  return fileKey;
}

function sameKey(one: string, other: string): boolean {
  const replica = /:key\/(mrk-[0-9a-f]+)$/;
  const id = replica.exec(one)?.[1];
  return one === other || (id !== undefined && id === replica.exec(other)?.[1]);
}

/** KMS errors that judge the stanza itself, so that a damaged one causes them as well as a wrong key or owner. */
const aboutTheStanza = new Set(["InvalidCiphertextException", "IncorrectKeyException"]);

/** Whether KMS looked at a stanza of its own key, and it was changed or wrapped for another owner. */
export const refusedTheStanza = ({ cause }: KeyUnavailable): boolean =>
  cause instanceof Error && cause.name === "InvalidCiphertextException";

/** Whether the stanzas were looked at and did not fit, as against a KMS that was out of reach, or said no to this role. */
export function sawTheStanza({ cause }: KeyUnavailable): boolean {
  return cause === undefined || (cause instanceof Error && aboutTheStanza.has(cause.name));
}

async function refusing(call: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await call();
  } catch (error) {
    const reason = error instanceof Error ? error.name : "unknown error";
    throw new KeyUnavailable(
      `KMS refused the envelope key: ${reason}`,
      "Check that the key is enabled, that this role may use it, and that source and slot are the file's own.",
      {
        cause: error,
      },
    );
  }
}

const hint = "The file is damaged or forged. Take another backup.";
