import { randomBytes } from "node:crypto";
import { KeyUnavailable, NotDecryptable, type Owner, type SealedFile } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect, inPieces } from "../test/bytes.ts";
import { FakeKms } from "../test/fakekms.ts";
import { identity, kmsKey, owner, recipient } from "../test/keys.ts";
import { encrypt } from "./encrypt.ts";
import { RangeOutside } from "./errors.ts";
import { kmsRecipient } from "./kms.ts";
import { decryptRange, openFile } from "./range.ts";
import { createUnsealRange } from "./unseal.ts";

const chunk = 64 * 1024;

function sealedFile(file: Buffer, pieces = 50_000): SealedFile & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    bytes: file.length,
    reads,
    read(from, to) {
      reads.push([from, to]);
      return inPieces(file.subarray(from, to), [pieces]);
    },
  };
}
const make = async (plain: Uint8Array) => sealedFile(await collect(encrypt(inPieces(plain), [recipient])));

test("a decrypted range is that slice of the plaintext", async () => {
  const plain = randomBytes(11 * chunk + 4321);
  const open = await openFile(await make(plain), [identity]);
  expect(open.plainBytes).toBe(plain.length);
  const places = fc.oneof(
    fc.nat(plain.length),
    fc.nat(11).map((n) => n * chunk),
    fc.constant(plain.length),
  );
  await fc.assert(
    fc.asyncProperty(places, places, async (one, other) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)];
      expect((await collect(decryptRange(open, from, to))).equals(plain.subarray(from, to))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("plaintexts of no and of whole chunks have ranges too", async () => {
  for (const bytes of [0, 1, chunk, 2 * chunk]) {
    const plain = randomBytes(bytes);
    const open = await openFile(await make(plain), [identity]);
    expect((await collect(decryptRange(open, 0, bytes))).equals(plain)).toBe(true);
  }
});

test("only the chunks of the range are read", async () => {
  const file = await make(randomBytes(10 * chunk));
  const open = await openFile(file, [identity]);
  file.reads.length = 0;
  await collect(decryptRange(open, 3 * chunk + 5, 4 * chunk + 6));
  expect(file.reads).toEqual([[open.payloadFrom + 3 * (chunk + 16), open.payloadFrom + 5 * (chunk + 16)]]);
});

test("a range that is not within the plaintext is refused", async () => {
  const open = await openFile(await make(randomBytes(100)), [identity]);
  for (const [from, to] of [
    [-1, 5],
    [5, 4],
    [0, 101],
    [Number.NaN, 3],
  ] as const) {
    await expect(collect(decryptRange(open, from, to))).rejects.toThrow(RangeOutside);
  }
});

test("a damaged chunk is refused by the ranges that hold it and by no other", async () => {
  const plain = randomBytes(5 * chunk);
  const bytes = await collect(encrypt(inPieces(plain), [recipient]));
  const position = bytes.length - 2 * (chunk + 16) + 9; // in the fourth chunk
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  const open = await openFile(sealedFile(bytes), [identity]);
  await expect(collect(decryptRange(open, 3 * chunk + 100, 3 * chunk + 200))).rejects.toThrow(NotDecryptable);
  expect((await collect(decryptRange(open, 0, 3 * chunk))).equals(plain.subarray(0, 3 * chunk))).toBe(true);
  expect((await collect(decryptRange(open, 4 * chunk, 5 * chunk))).equals(plain.subarray(4 * chunk))).toBe(true);
});

test("a cut file is refused when it is opened, also at a chunk's border, and so is one with something added", async () => {
  const bytes = await collect(encrypt(inPieces(randomBytes(3 * chunk)), [recipient]));
  for (const bad of [
    bytes.subarray(0, -1),
    bytes.subarray(0, -(chunk + 16)),
    bytes.subarray(0, 100),
    Buffer.concat([bytes, Buffer.alloc(99)]),
  ]) {
    await expect(openFile(sealedFile(bad), [identity])).rejects.toThrow(NotDecryptable);
  }
});

test("a store that sends less than asked for is found out", async () => {
  const file = await make(randomBytes(3 * chunk));
  const open = await openFile(file, [identity]);
  const short = { ...open, file: { ...file, read: (from: number, to: number) => file.read(from, to - 1) } };
  await expect(collect(decryptRange(short, 0, 3 * chunk))).rejects.toThrow(NotDecryptable);
});

test("another's identity opens no range", async () => {
  await expect(openFile(await make(randomBytes(5)), [])).rejects.toThrow(KeyUnavailable);
});

describe("whoever proves a range without handing it out", () => {
  const prove = (file: SealedFile, from: number, to: number) =>
    createUnsealRange({ identities: [identity] }).authenticate(file, { from, to }, owner);

  test("reads the header, the last chunk, and the chunks that have a byte of the range, and no others", async () => {
    const file = await make(randomBytes(10 * chunk));
    const { payloadFrom } = await openFile(file, [identity]);
    const place = (n: number) => payloadFrom + n * (chunk + 16);
    file.reads.length = 0;
    await prove(file, place(3) + 7, place(5));
    expect(file.reads).toEqual([
      [0, 64 * 1024 + 16],
      [place(9), file.bytes],
      [place(3), place(5)],
    ]);
  });
  test("refuses a bit that flipped in it, in the header or at the end, and lets others be", async () => {
    const bytes = await collect(encrypt(inPieces(randomBytes(5 * chunk)), [recipient]));
    const flipped = (at: number) => sealedFile(Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))));
    const { payloadFrom } = await openFile(sealedFile(bytes), [identity]);
    const [from, to] = [payloadFrom + chunk + 16, payloadFrom + 2 * (chunk + 16)];
    for (const at of [from, to - 1, payloadFrom - 17, bytes.length - 1])
      await expect(prove(flipped(at), from, to)).rejects.toThrow(NotDecryptable);
    for (const at of [from - 1, to]) await prove(flipped(at), from, to);
  });
  test("takes any range, also one that is empty, in the header, or longer than the file", async () => {
    for (const bytes of [0, 1, chunk, 3 * chunk + 5]) {
      const file = await make(randomBytes(bytes));
      for (const [from, to] of [
        [0, 0],
        [0, 20],
        [file.bytes, file.bytes],
        [0, file.bytes + chunk],
      ] as const)
        await prove(file, from, to);
    }
  });
  test("asks for the owner's own key, and takes KMS by its word that a stanza was never wrapped for that owner", async () => {
    const kms = new FakeKms();
    kms.addKey(kmsKey);
    const file = sealedFile(await collect(encrypt(inPieces(randomBytes(9)), [recipient, kmsRecipient(kms, kmsKey, owner)])));
    const proving = (of: Owner) => createUnsealRange({ kms: { client: kms, keys: [kmsKey] } }).authenticate(file, { from: 0, to: 1 }, of);
    await proving(owner);
    expect(kms.calls.at(-1)).toEqual({ call: "decrypt", keyId: kmsKey, context: owner });
    await expect(proving({ ...owner, slot: "20261122T020000Z" })).rejects.toThrow(NotDecryptable);
    kms.disable(kmsKey);
    await expect(proving(owner)).rejects.toThrow(KeyUnavailable);
    await expect(createUnsealRange({}).authenticate(file, { from: 0, to: 1 }, owner)).rejects.toThrow(KeyUnavailable);
  });
});
