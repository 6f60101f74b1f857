import { SecretUnusable } from "@holdfast/core";
import { Decrypter, type Identity, identityToRecipient } from "age-encryption";

/** `AGE-SECRET-KEY-1…` as text, or an object that unwraps the file key itself (KMS). */
export type AgeIdentity = string | Identity;

/** Adds each to `decrypter`. Throws {@link SecretUnusable} without the package's own error, since that one quotes the key. */
export function addIdentities(decrypter: Decrypter, identities: readonly AgeIdentity[]): void {
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      throw malformed();
    }
  }
}

/** The recipient of an identity. Throws {@link SecretUnusable}. */
export async function recipientOf(identity: string): Promise<string> {
  try {
    return await identityToRecipient(identity);
  } catch {
    throw malformed();
  }
}

/** Identities in a file as `age-keygen` writes it: one a line, `#` starts a comment. Throws {@link SecretUnusable}. */
export function parseIdentities(text: string): string[] {
  const identities = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (identities.length === 0) throw new SecretUnusable("the file of age identities holds none", hint);
  addIdentities(new Decrypter(), identities);
  return identities;
}

const hint = "It is the line that starts with AGE-SECRET-KEY-1 in the file that age-keygen wrote.";
function malformed(): SecretUnusable {
  return new SecretUnusable("an age identity is malformed", hint);
}
