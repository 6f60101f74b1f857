import { KeyUnavailable, NotDecryptable } from "@holdfast/core";
import { beforeEach, expect, test } from "vitest";
import { collect, inPieces } from "../test/bytes.ts";
import { FakeKms } from "../test/fakekms.ts";
import { identity, kmsKey, owner, recipient } from "../test/keys.ts";
import { decrypt } from "./decrypt.ts";
import { encrypt } from "./encrypt.ts";
import { RecipientUnusable } from "./errors.ts";
import { kmsIdentity, kmsRecipient } from "./kms.ts";

let kms: FakeKms;
beforeEach(() => {
  kms = new FakeKms();
  kms.addKey(kmsKey);
});
const seal = (keyId = kmsKey) => collect(encrypt(inPieces(Buffer.from("rows")), [recipient, kmsRecipient(kms, keyId, owner)]));
const open = (file: Uint8Array, of = owner, trusted = [kmsKey]) => collect(decrypt(inPieces(file), [kmsIdentity(kms, trusted, of)]));

test("what KMS wrapped, KMS opens; source and slot are the context of both calls", async () => {
  expect(await open(await seal())).toEqual(Buffer.from("rows"));
  expect(kms.calls).toEqual([
    { call: "encrypt", keyId: kmsKey, context: owner },
    { call: "decrypt", keyId: kmsKey, context: owner },
  ]);
});

test("the stanza has a name with a domain and the key's ARN", async () => {
  expect((await seal()).toString("latin1")).toContain(`\n-> holdfast.dev/kms ${kmsKey}\n`);
});

test("the offline key opens it without KMS", async () => {
  const file = await seal();
  kms.disable(kmsKey);
  expect(await collect(decrypt(inPieces(file), [identity]))).toEqual(Buffer.from("rows"));
});

test("another source's or slot's name does not open it", async () => {
  const file = await seal();
  await expect(open(file, { ...owner, source: "billing" })).rejects.toThrow(KeyUnavailable);
  await expect(open(file, { ...owner, slot: "2026-11-22T02:00:00Z" })).rejects.toThrow(KeyUnavailable);
});

test("a disabled key, in either direction, says nothing about the backup", async () => {
  const file = await seal();
  kms.disable(kmsKey);
  await expect(open(file)).rejects.toMatchObject({ name: "KeyUnavailable", fault: "world", cause: { name: "DisabledException" } });
  await expect(seal()).rejects.toMatchObject({ name: "KeyUnavailable", fault: "world" });
});

test("a changed stanza is refused by KMS", async () => {
  await expect(open(await changeStanza(await seal()))).rejects.toThrow(KeyUnavailable);
});

test("a KMS that opens a changed stanza to other bytes is found out by the header's MAC", async () => {
  kms.lenient = true;
  await expect(open(await changeStanza(await seal()))).rejects.toThrow(NotDecryptable);
});

test("a KMS that answers with something that is no file key is found out", async () => {
  const file = await seal();
  for (const length of [0, 15, 17, 32]) {
    kms.decrypt = async () => new Uint8Array(length);
    await expect(open(file)).rejects.toThrow("KMS unwrapped something that is no age file key");
  }
});

test("a key that is not trusted is never called, whatever the file asks for", async () => {
  const foreign = "arn:aws:kms:eu-central-1:999999999999:key/11111111-2222-3333-4444-555555555555";
  kms.addKey(foreign);
  const file = await seal(foreign);
  kms.calls.length = 0;
  await expect(open(file)).rejects.toThrow(KeyUnavailable);
  expect(kms.calls).toEqual([]);
});

test("a multi-Region key opens in the region that is asked, by the replica that is trusted there", async () => {
  const file = await seal();
  const replica = kmsKey.replace("eu-central-1", "eu-west-1");
  kms = new FakeKms();
  const other = new FakeKms();
  other.addKey(kmsKey, kms.addKey(replica));
  const moved = await collect(encrypt(inPieces(Buffer.from("rows")), [kmsRecipient(other, kmsKey, owner)]));
  expect(await open(moved, owner, [replica])).toEqual(Buffer.from("rows"));
  expect(kms.calls.map(({ keyId }) => keyId)).toEqual([replica]);
  await expect(open(file, owner, [replica])).rejects.toThrow(KeyUnavailable);
});

test("keys of one region with different ids are different keys", async () => {
  const sibling = kmsKey.replace(/.$/, "0");
  kms.addKey(sibling);
  await expect(open(await seal(), owner, [sibling])).rejects.toThrow("none of the identities");
});

test("a stanza of ours with a missing or extra argument is malformed", async () => {
  for (const keyId of ["", ` ${kmsKey} more`]) {
    const stanza = { wrapFileKey: () => [{ args: ["holdfast.dev/kms", ...keyId.split(" ").filter(Boolean)], body: new Uint8Array(20) }] };
    const file = await collect(encrypt(inPieces(Buffer.from("x")), [stanza]));
    await expect(open(file)).rejects.toThrow(NotDecryptable);
  }
});

test("a key that could not stand in a header is refused at once", () => {
  for (const bad of ["", "two words", "new\nline", "ключ", "x".repeat(3000)])
    expect(() => kmsRecipient(kms, bad, owner)).toThrow(RecipientUnusable);
});

/** Flips a bit in the wrapped file key, far from its tag. */
async function changeStanza(file: Buffer): Promise<Buffer> {
  const at = file.indexOf("\n", file.indexOf("holdfast.dev/kms")) + 1 + 20;
  const copy = Buffer.from(file);
  copy[at] = copy[at] === 0x41 ? 0x42 : 0x41;
  return copy;
}
