import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { DigestMismatch, KeyUnavailable, NotDecompressible, NotDecryptable, type Owner, type Sealed } from "@holdfast/core";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { collect, collectUntilError, endless, inPieces, mixed, watched } from "../test/bytes.ts";
import { FakeKms } from "../test/fakekms.ts";
import { identity, kmsKey, owner, recipient } from "../test/keys.ts";
import { generateIdentity } from "./recipients.ts";
import { createSeal } from "./seal.ts";
import { createUnseal } from "./unseal.ts";

type Expected = Sealed & { compressed: boolean };
let client: FakeKms;
beforeEach(() => {
  client = new FakeKms();
  client.addKey(kmsKey);
});

const offline = createUnseal({ identities: [identity] });
const byKms = () => createUnseal({ kms: { client, keys: [kmsKey] } });

async function make(plain: Uint8Array, compress = true): Promise<{ file: Buffer; expected: Expected }> {
  const seal = createSeal({ offlineKeys: [recipient], kms: { client, keyId: kmsKey } });
  const { body, sealed } = seal.seal(inPieces(plain), owner, { compress, progress: () => {} });
  return { file: await collect(body), expected: { ...(await sealed), compressed: compress } };
}
const open = (file: Uint8Array, expected: Expected, unseal = offline, of: Owner = owner) =>
  collectUntilError(unseal.unseal(inPieces(file, [50_000]), expected, of));
const flip = (file: Buffer, position: number) => {
  const copy = Buffer.from(file);
  copy[position] = (copy[position] ?? 0) ^ 1;
  return copy;
};

test("unsealing undoes sealing, by the offline key and by KMS, compressed or not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(700_000), fc.boolean(), fc.boolean(), async (length, compress, kms) => {
      const plain = mixed(length);
      const { file, expected } = await make(plain, compress);
      const { got, error } = await open(file, expected, kms ? byKms() : offline);
      expect(error).toBeUndefined();
      expect(got.equals(plain)).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test("each digest and length is checked for itself", async () => {
  const { file, expected } = await make(mixed(300_000));
  const other = (hex: string) => hex.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  const wrong: [RegExp, Partial<Expected>][] = [
    [/^the length of the artifact/, { bytes: expected.bytes + 1 }],
    [/^the length of the artifact/, { bytes: expected.bytes - 1 }],
    [/^the SHA-256 of the artifact/, { sha256: other(expected.sha256) }],
    [/^the CRC32C of the artifact/, { crc32c: other(expected.crc32c) }],
    [/^the CRC64NVME of the artifact/, { crc64nvme: other(expected.crc64nvme) }],
    [/^the length of the plaintext/, { plain: { ...expected.plain, bytes: expected.plain.bytes + 1 } }],
    [/^the SHA-256 of the plaintext/, { plain: { ...expected.plain, sha256: other(expected.plain.sha256) } }],
  ];
  for (const [message, difference] of wrong) {
    const { error } = await open(file, { ...expected, ...difference });
    expect(error).toBeInstanceOf(DigestMismatch);
    expect(error).toMatchObject({ fault: "backup", message: expect.stringMatching(message) });
  }
});

test("more plaintext than the manifest says stops it, compressed or not", async () => {
  for (const [compress, kind] of [
    [true, NotDecompressible],
    [false, DigestMismatch],
  ] as const) {
    const { file, expected } = await make(mixed(300_000), compress);
    const { error } = await open(file, { ...expected, plain: { ...expected.plain, bytes: 299_999 } });
    expect(error).toBeInstanceOf(kind);
  }
});

test("a flipped bit anywhere blames the backup, whichever key is tried", async () => {
  const { file, expected } = await make(randomBytes(100));
  for (let position = 0; position < file.length; position += 7) {
    for (const unseal of [offline, byKms()]) {
      const { error } = await open(flip(file, position), expected, unseal);
      expect(error, `byte ${position}`).toMatchObject({ fault: "backup" });
    }
  }
});

test("a cut or lengthened file blames the backup", async () => {
  const { file, expected } = await make(randomBytes(200_000));
  for (const length of [0, 1, 100, file.length - 65_552, file.length - 1]) {
    expect((await open(file.subarray(0, length), expected)).error).toMatchObject({ fault: "backup" });
  }
  const longer = Buffer.concat([file, Buffer.alloc(1)]);
  expect((await open(longer, expected)).error).toBeInstanceOf(DigestMismatch);
  expect((await open(longer, { ...expected, bytes: longer.length })).error).toBeInstanceOf(NotDecryptable);
});

test("an endless file is not read much past its length", async () => {
  const { file, expected } = await make(randomBytes(1_000));
  async function* endlessly() {
    yield file;
    yield* endless(Buffer.alloc(10_000));
  }
  const { bytes, seen } = watched(endlessly());
  expect((await collectUntilError(offline.unseal(bytes, expected, owner))).error).toBeInstanceOf(DigestMismatch);
  expect(seen.chunks).toBeLessThan(4);
  expect(seen.returned).toBe(true);
});

test("trailing data behind the zstd frame is refused, though it is authentic", async () => {
  const { file, expected } = await make(Buffer.concat([zstdCompressSync(Buffer.from("rows")), Buffer.from("extra")]), false);
  expect((await open(file, { ...expected, compressed: true })).error).toBeInstanceOf(NotDecompressible);
});

test("a key that does not fit a whole file says nothing about the backup", async () => {
  const { file, expected } = await make(randomBytes(200_000));
  const stranger = createUnseal({ identities: [(await generateIdentity()).identity] });
  expect((await open(file, expected, stranger)).error).toBeInstanceOf(KeyUnavailable);
  expect((await open(file, expected, createUnseal({}))).error).toBeInstanceOf(KeyUnavailable);
  expect((await open(file, expected, byKms(), { ...owner, source: "billing" })).error).toBeInstanceOf(KeyUnavailable);
  expect((await open(file, expected, byKms(), { ...owner, slot: "2026-11-20T02:00:00Z" })).error).toBeInstanceOf(KeyUnavailable);
});

test("a damaged stanza is told from a wrong key by the digests", async () => {
  const { file, expected } = await make(randomBytes(200_000));
  const stanza = file.indexOf("\n", file.indexOf("holdfast.dev/kms")) + 21;
  file[stanza] = file[stanza] === 0x41 ? 0x42 : 0x41;
  expect((await open(file, expected, byKms())).error).toBeInstanceOf(DigestMismatch);
});

test("a KMS that says no to this role is not a reason to read the file", async () => {
  const { file, expected } = await make(randomBytes(500_000));
  client.disable(kmsKey);
  const { bytes, seen } = watched(inPieces(file, [10_000]));
  expect((await collectUntilError(byKms().unseal(bytes, expected, owner))).error).toBeInstanceOf(KeyUnavailable);
  expect(seen.chunks).toBe(1);
  expect(seen.returned).toBe(true);
});

test("offline keys are tried before KMS", async () => {
  const { file, expected } = await make(Buffer.from("rows"));
  client.calls.length = 0;
  const both = createUnseal({ identities: [identity], kms: { client, keys: [kmsKey] } });
  expect((await open(file, expected, both)).got).toEqual(Buffer.from("rows"));
  expect(client.calls).toEqual([]);
});

test("an abandoned body returns the source", async () => {
  const { file, expected } = await make(randomBytes(5_000_000));
  const { bytes, seen } = watched(inPieces(file, [65_536]));
  for await (const _ of offline.unseal(bytes, expected, owner)) break;
  expect(seen.returned).toBe(true);
  expect(seen.bytes).toBeLessThan(file.length);
});

test("the store's own error passes through unchanged", async () => {
  const { file, expected } = await make(randomBytes(500_000));
  const broken = new Error("connection reset");
  async function* failing() {
    yield file.subarray(0, 300_000);
    throw broken;
  }
  expect((await collectUntilError(offline.unseal(failing(), expected, owner))).error).toBe(broken);
});

test("the stream is whole or throws: collecting it to the end is the proof", async () => {
  const { file, expected } = await make(mixed(100_000));
  expect((await collect(offline.unseal(inPieces(file), expected, owner))).length).toBe(100_000);
  await expect(collect(offline.unseal(inPieces(file.subarray(0, -1)), expected, owner))).rejects.toThrow();
});
