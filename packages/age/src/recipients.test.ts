import { SecretUnusable } from "@holdfast/core";
import { generateHybridIdentity } from "age-encryption";
import { expect, test } from "vitest";
import { collect, inPieces } from "../test/bytes.ts";
import { identity, kmsKey, owner, recipient } from "../test/keys.ts";
import { FakeKms } from "../test/fakekms.ts";
import { decrypt } from "./decrypt.ts";
import { encrypt } from "./encrypt.ts";
import { RecipientsMissing, RecipientsMixed, RecipientUnusable } from "./errors.ts";
import { parseIdentities, recipientOf } from "./identities.ts";
import { kmsRecipient } from "./kms.ts";
import { checkRecipients, generateIdentity } from "./recipients.ts";

test("a generated identity opens what was made for its recipient, and is new each time", async () => {
  const { identity: secret, recipient: open } = await generateIdentity();
  expect(secret).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
  expect(open).toMatch(/^age1[0-9a-z]{58}$/);
  expect(await recipientOf(secret)).toBe(open);
  const file = await collect(encrypt(inPieces(Buffer.from("hello")), [open, recipient]));
  expect(await collect(decrypt(inPieces(file), [secret]))).toEqual(Buffer.from("hello"));
  expect(await collect(decrypt(inPieces(file), [identity]))).toEqual(Buffer.from("hello"));
  expect((await generateIdentity()).identity).not.toBe(secret);
});

test("a malformed recipient is refused, and told which one it is", () => {
  for (const bad of [
    "",
    "hello",
    `${recipient.slice(0, -1)}q`,
    recipient.toUpperCase(),
    recipient.slice(0, 40),
    identity,
    "ssh-ed25519 AAAA",
    "age1yubikey1qxyz",
  ]) {
    expect(() => checkRecipients([recipient, bad]), bad).toThrow(RecipientUnusable);
  }
  expect(() => checkRecipients(["age1typo"])).toThrow(/^recipient age1typo is malformed$/);
  expect(() => checkRecipients(["hello"])).toThrow(/^recipient hello is not an age recipient$/);
});

test("a secret key given as recipient is not quoted", () => {
  expect(() => checkRecipients([identity])).toThrow(/^recipient AGE-SECRET-KEY-… is a secret key, not its public half$/);
});

test("no recipient at all is refused", () => {
  expect(() => checkRecipients([])).toThrow(RecipientsMissing);
});

test("post-quantum recipients are not mixed with classic ones; KMS goes with either", async () => {
  const hybrid = await recipientOf(await generateHybridIdentity());
  const kms = new FakeKms();
  expect(() => checkRecipients([hybrid, recipient])).toThrow(RecipientsMixed);
  expect(() => checkRecipients([hybrid, kmsRecipient(kms, kmsKey, owner)])).not.toThrow();
  expect(() => checkRecipients([recipient, kmsRecipient(kms, kmsKey, owner)])).not.toThrow();
});

test("encryption itself checks them, too", async () => {
  const hybrid = await recipientOf(await generateHybridIdentity());
  const encrypted = (recipients: string[]) => collect(encrypt(inPieces(Buffer.from("x")), recipients));
  await expect(encrypted([])).rejects.toThrow(RecipientsMissing);
  await expect(encrypted([recipient, hybrid])).rejects.toThrow(RecipientsMixed);
  await expect(encrypted(["age1typo"])).rejects.toThrow(RecipientUnusable);
});

test("a file for a post-quantum recipient opens", async () => {
  const secret = await generateHybridIdentity();
  const file = await collect(encrypt(inPieces(Buffer.from("later")), [await recipientOf(secret)]));
  expect(await collect(decrypt(inPieces(file), [secret]))).toEqual(Buffer.from("later"));
});

test("a file of identities is read as age-keygen writes it", () => {
  const text = `# created: 2026-11-21T07:00:00Z\n# public key: ${recipient}\n${identity}\r\n\n`;
  expect(parseIdentities(text)).toEqual([identity]);
});

test("a file without identities, or with a malformed one, is refused without quoting it", () => {
  const wrong = [`# ${identity}\n`, "", identity.slice(0, -2), recipient];
  for (const text of wrong) expect(() => parseIdentities(text)).toThrow(SecretUnusable);
  expect(() => parseIdentities(identity.slice(0, -2))).not.toThrow(/GFPYYSJZ/);
});
