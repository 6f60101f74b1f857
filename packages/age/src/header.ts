import { HoldfastError, KeyUnavailable, NotDecryptable } from "@holdfast/core";
import { Decrypter, Encrypter, type Identity } from "age-encryption";
import { type AgeIdentity, addIdentities } from "./identities.ts";
import type { Reader } from "./reader.ts";
import { type AgeRecipient, checkRecipients } from "./recipients.ts";

/** Real headers are some hundred bytes a recipient; the package itself would read whatever comes. */
export const headerCap = 64 * 1024;
const firstLine = "age-encryption.org/v1\n";
const damaged = "The file is damaged or was never an age file. Take another backup.";
/** The empty payload that the package appends: nonce and one tag. */
const emptyPayload = 16 + 16;

/** Makes a header and its file key with the `age-encryption` package, through its public interfaces alone. */
export async function makeHeader(recipients: readonly AgeRecipient[]): Promise<{ header: Uint8Array; fileKey: Uint8Array }> {
  checkRecipients(recipients);
  let fileKey = new Uint8Array(0);
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  // Adds no stanza; it is there to see the file key, which the package chooses.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = key.slice();
      return [];
    },
  });
  const file = await encrypter.encrypt(new Uint8Array(0));
  return { header: file.subarray(0, -emptyPayload), fileKey };
}

/** Takes the header off the front of a file, up to and with the line of its MAC. Throws {@link NotDecryptable}. */
export async function cutHeader(reader: Reader): Promise<Uint8Array> {
  const header = Buffer.alloc(headerCap);
  for (let length = 0; length < headerCap; length++) {
    if ((await reader.fill(header.subarray(length, length + 1))) === 0) throw new NotDecryptable("the age header is cut", damaged);
    if (length + 1 === firstLine.length && header.toString("latin1", 0, length + 1) !== firstLine) throw notAge(header);
    if (header[length] === newline && endsHeader(header.subarray(0, length))) return header.subarray(0, length + 1);
  }
  throw new NotDecryptable("the age header is longer than 64 KiB", damaged);
}

const newline = 0x0a;
/** A line that starts with `---` ends the header; no line of a stanza can, since those start with `->` or are base64. */
function endsHeader(text: Buffer): boolean {
  return text.toString("latin1", text.lastIndexOf(newline) + 1).startsWith("---");
}
function notAge(start: Buffer): NotDecryptable {
  const armored = start.toString("latin1", 0, 10) === "-----BEGIN";
  return new NotDecryptable(armored ? "the age file is armored" : "the file does not start as an age file", damaged);
}

/** Comes last: reached only when no identity before it knew a stanza. */
const noneMatched: Identity = {
  unwrapFileKey() {
    throw new KeyUnavailable(
      "none of the identities at hand opens the file",
      "Use the identity of one of the recipients that the manifest lists.",
    );
  },
};

/**
 * The file key. Throws {@link KeyUnavailable} when no identity matches or KMS refuses, {@link NotDecryptable} when the header is malformed
 * or was changed (its MAC), `SecretUnusable` for a malformed identity.
 */
export async function openHeader(header: Uint8Array, identities: readonly AgeIdentity[]): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  addIdentities(decrypter, identities);
  decrypter.addIdentity(noneMatched);
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new NotDecryptable("the age header is malformed or was changed", damaged, { cause: error });
  }
}
