import { createHash, randomBytes } from "node:crypto";
import { type Bytes, Crcs, free, KeyUnavailable } from "@holdfast/core";
import { expect, test } from "vitest";
import { collect, collectUntilError, endless, endlessRandom, inPieces, mixed, watched } from "../test/bytes.ts";
import { FakeKms } from "../test/fakekms.ts";
import { identity, kmsKey, owner, recipient } from "../test/keys.ts";
import { decrypt } from "./decrypt.ts";
import { RecipientsMissing, RecipientUnusable, SealAbandoned, StreamSpent } from "./errors.ts";
import { kmsIdentity } from "./kms.ts";
import { createSeal } from "./seal.ts";
import { unzstd } from "./unzstd.ts";

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const seal = createSeal({ offlineKeys: [recipient] });
const silent = { compress: true, progress: () => {} };

test("one pass makes the file and the digests of what went in and came out", async () => {
  const plain = mixed(1_500_000);
  const { body, sealed } = seal.seal(inPieces(plain, [70_000]), owner, silent);
  const file = await collect(body);
  const crcs = new Crcs();
  crcs.update(file);
  expect(await sealed).toEqual({
    bytes: file.length,
    sha256: sha256(file),
    ...crcs.digest(),
    plain: { bytes: plain.length, sha256: sha256(plain) },
  });
  expect(file.length).toBeLessThan(plain.length);
  expect((await collect(unzstd(decrypt(inPieces(file), [identity])))).equals(plain)).toBe(true);
});

test("the file's pieces are given away, so that a store that has copied them may free them", async () => {
  const { body } = seal.seal(inPieces(randomBytes(600_000)), owner, silent);
  let freed = 0;
  for await (const piece of body) {
    free(piece);
    if (piece.length === 0) freed++;
  }
  expect(freed).toBe(3); // after the header
});

test("what is compressed already is not compressed again", async () => {
  const plain = randomBytes(100_000);
  const { body } = seal.seal(inPieces(plain), owner, { ...silent, compress: false });
  expect((await collect(decrypt(body, [identity]))).equals(plain)).toBe(true);
});

test("nothing is a file, too", async () => {
  const { body, sealed } = seal.seal(inPieces(Buffer.alloc(0)), owner, silent);
  expect((await collect(unzstd(decrypt(body, [identity])))).length).toBe(0);
  expect((await sealed).plain).toEqual({ bytes: 0, sha256: sha256(Buffer.alloc(0)) });
});

test("progress counts plaintext", async () => {
  let progress = 0;
  const options = { compress: true, progress: (bytes: number) => (progress += bytes) };
  await collect(seal.seal(inPieces(Buffer.alloc(900_000), [1000]), owner, options).body);
  expect(progress).toBe(900_000);
});

test("with KMS the file opens through it, bound to its owner, and the manifest's recipients say so", async () => {
  const client = new FakeKms();
  client.addKey(kmsKey);
  const both = createSeal({ offlineKeys: [recipient], kms: { client, keyId: kmsKey } });
  expect(both.recipients).toEqual([recipient, `kms:${kmsKey}`]);
  const file = await collect(both.seal(inPieces(Buffer.from("rows")), owner, { ...silent, compress: false }).body);
  expect(await collect(decrypt(inPieces(file), [kmsIdentity(client, [kmsKey], owner)]))).toEqual(Buffer.from("rows"));
  expect(client.calls[0]?.context).toEqual(owner);
});

test("KMS alone is enough, nobody at all is not, and a typing error is told at once", () => {
  const client = new FakeKms();
  expect(createSeal({ offlineKeys: [], kms: { client, keyId: kmsKey } }).recipients).toEqual([`kms:${kmsKey}`]);
  expect(() => createSeal({ offlineKeys: [] })).toThrow(RecipientsMissing);
  expect(() => createSeal({ offlineKeys: [recipient, "age1typo"] })).toThrow(RecipientUnusable);
  expect(() => createSeal({ offlineKeys: [recipient], kms: { client, keyId: "my key" } })).toThrow(RecipientUnusable);
});

test("what makes the body fail fails the digests with the same error, heard or not", async () => {
  const died = new Error("pg_dump died");
  async function* dying(): Bytes {
    yield randomBytes(3_000_000);
    throw died;
  }
  for (const compress of [true, false]) {
    const { body, sealed } = seal.seal(dying(), owner, { ...silent, compress });
    expect((await collectUntilError(body)).error).toBe(died);
    await expect(sealed).rejects.toBe(died);
  }
});

test("a KMS that refuses fails both before the source is read", async () => {
  const { bytes, seen } = watched(endless(Buffer.alloc(1000)));
  const refused = createSeal({ offlineKeys: [], kms: { client: new FakeKms(), keyId: kmsKey } });
  const { body, sealed } = refused.seal(bytes, owner, { ...silent, compress: false });
  expect((await collectUntilError(body)).error).toBeInstanceOf(KeyUnavailable);
  await expect(sealed).rejects.toBeInstanceOf(KeyUnavailable);
  expect(seen.chunks).toBe(0);
});

test("an abandoned body stops the source and rejects the digests, heard or not", async () => {
  for (const compress of [true, false]) {
    for (const read of [1, 2, 3]) {
      const { bytes, seen } = watched(endlessRandom());
      const { body, sealed } = seal.seal(bytes, owner, { ...silent, compress });
      let chunks = 0;
      for await (const _ of body) if (++chunks === read) break;
      if (seen.chunks > 0) expect(seen.returned).toBe(true);
      await expect(sealed).rejects.toBeInstanceOf(SealAbandoned);
    }
  }
});

test("an abandoned body that nobody read at all rejects the digests", async () => {
  const { body, sealed } = seal.seal(inPieces(Buffer.from("x")), owner, silent);
  await body[Symbol.asyncIterator]().return?.();
  await expect(sealed).rejects.toBeInstanceOf(SealAbandoned);
});

test("no failure goes unhandled when nobody looks at the digests", async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listen);
  try {
    async function* dying(): Bytes {
      yield randomBytes(2_000_000);
      throw new Error("died");
    }
    await collectUntilError(seal.seal(dying(), owner, silent).body);
    for await (const _ of seal.seal(endlessRandom(), owner, silent).body) break;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", listen);
  }
});

test("a body is read once", async () => {
  const { body } = seal.seal(inPieces(Buffer.from("x")), owner, silent);
  await collect(body);
  await expect(collect(body)).rejects.toThrow(StreamSpent);
});

test("a slow reader slows the source", async () => {
  const { bytes, seen } = watched(endlessRandom());
  const iterator = seal.seal(bytes, owner, silent).body[Symbol.asyncIterator]();
  for (let read = 0; read < 4; read++) await iterator.next();
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(seen.bytes).toBeLessThan(8 << 20);
  await iterator.return?.();
});
