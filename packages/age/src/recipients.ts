import { Encrypter, generateX25519Identity, identityToRecipient, type Recipient } from "age-encryption";
import { RecipientsMissing, RecipientsMixed, RecipientUnusable } from "./errors.ts";

/** `age1…` as text, or an object that wraps the file key itself (KMS). */
export type AgeRecipient = string | Recipient;

const postQuantum = /^age1(pq|tagpq)1/;

/** Throws {@link RecipientUnusable}. */
function check(recipient: string): void {
  // Bech32 is one case throughout; of the prefixes only those of the specification's native types can be used without a plugin.
  if (/^age-secret-key-/i.test(recipient)) throw new RecipientUnusable("AGE-SECRET-KEY-…", "is a secret key, not its public half");
  if (!recipient.startsWith("age1")) throw new RecipientUnusable(recipient, "is not an age recipient");
  try {
    new Encrypter().addRecipient(recipient);
  } catch (error) {
    throw new RecipientUnusable(recipient, "is malformed", { cause: error });
  }
}

/** Checks all at once, before the first byte is read. Throws {@link RecipientUnusable}, {@link RecipientsMixed} or {@link RecipientsMissing}. */
export function checkRecipients(recipients: readonly AgeRecipient[]): void {
  if (recipients.length === 0) throw new RecipientsMissing();
  const names = recipients.filter((recipient) => typeof recipient === "string");
  for (const name of names) check(name);
  // The specification says SHOULD NOT; the stock program refuses, the package does not.
  if (new Set(names.map((name) => postQuantum.test(name))).size > 1) throw new RecipientsMixed();
}

/** A new X25519 identity (`AGE-SECRET-KEY-1…`, to be kept offline) and its recipient (`age1…`, for the plan). */
export async function generateIdentity(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}
