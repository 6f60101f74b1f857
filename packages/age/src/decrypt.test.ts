import { randomBytes } from "node:crypto";
import { KeyUnavailable, NotDecryptable, SecretUnusable } from "@holdfast/core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { collect, collectUntilError, endless, inPieces, watched } from "../test/bytes.ts";
import { identity, recipient } from "../test/keys.ts";
import { decrypt } from "./decrypt.ts";
import { encrypt } from "./encrypt.ts";
import { makeHeader } from "./header.ts";
import { payloadKey, sealChunks } from "./payload.ts";
import { generateIdentity } from "./recipients.ts";

const chunk = 64 * 1024;
const sealed = chunk + 16;
const whole = (file: Uint8Array) => collect(decrypt(inPieces(file), [identity]));
const sealedFile = (plain: Uint8Array) => collect(encrypt(inPieces(plain), [recipient]));

describe("decryption undoes encryption", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 60_000, max: 400_000 })), {
    minLength: 1,
    maxLength: 4,
  });
  const lengths = fc.oneof(fc.nat(3), fc.nat(600_000), fc.constantFrom(chunk - 1, chunk, chunk + 1, 4 * chunk, 4 * chunk + 1, 8 * chunk));

  test("for any length and any pieces on either side", async () => {
    await fc.assert(
      fc.asyncProperty(lengths, sizes, sizes, async (length, plainSizes, cipherSizes) => {
        const plain = randomBytes(length);
        const file = await collect(encrypt(inPieces(plain, plainSizes), [recipient]));
        const back = await collect(decrypt(inPieces(file, cipherSizes), [identity]));
        expect(back.equals(plain)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("byte by byte", async () => {
    const plain = randomBytes(chunk + 5);
    const file = await collect(encrypt(inPieces(plain, [1]), [recipient]));
    expect((await collect(decrypt(inPieces(file, [1]), [identity]))).equals(plain)).toBe(true);
  });

  test("and two files of the same bytes share no key", async () => {
    const [one, other] = [await sealedFile(Buffer.from("same")), await sealedFile(Buffer.from("same"))];
    expect(one.subarray(-20).equals(other.subarray(-20))).toBe(false);
  });
});

describe("a file that was tampered with", () => {
  const plain = randomBytes(9 * chunk + 1000);
  let file: Buffer;
  let payload: number;
  beforeAll(async () => {
    file = await sealedFile(plain);
    payload = file.indexOf("\n", file.indexOf("\n--- ") + 1) + 1 + 16;
  });
  const at = (index: number) => payload + index * sealed;
  const flipped = (position: number) => {
    const copy = Buffer.from(file);
    copy[position] = (copy[position] ?? 0) ^ 0x10;
    return copy;
  };

  async function refused(bad: Uint8Array, pieces: readonly number[] = [100_000]): Promise<void> {
    const { got, error } = await collectUntilError(decrypt(inPieces(bad, pieces), [identity]));
    expect(error).toBeInstanceOf(NotDecryptable);
    expect(error).toMatchObject({ fault: "backup" });
    expect(got.equals(plain.subarray(0, got.length))).toBe(true); // nothing that was not authentic came out
    expect(got.length).toBeLessThan(plain.length);
  }

  test("is as it should be before", async () => expect((await whole(file)).equals(plain)).toBe(true));

  test("is refused with a flipped bit in the nonce, in any chunk and in any tag", async () => {
    await refused(flipped(payload - 3));
    for (let index = 0; index <= 9; index++) await refused(flipped(at(index) + 7));
    for (let index = 1; index <= 9; index++) await refused(flipped(at(index) - 1));
    await refused(flipped(file.length - 1));
  });

  test("is refused with a flipped bit anywhere in its header", async () => {
    for (let position = 0; position < payload - 16; position++) {
      const { got, error } = await collectUntilError(decrypt(inPieces(flipped(position)), [identity]));
      expect(got.length).toBe(0);
      expect(error instanceof NotDecryptable || error instanceof KeyUnavailable, `byte ${position}: ${error}`).toBe(true);
    }
  });

  test("is refused when it is cut: in the header, after it, in the nonce, in a chunk, in a tag, at a chunk's border", async () => {
    for (const length of [0, 1, 40, payload - 17, payload - 16, payload - 1, payload, payload + 15, payload + 16, at(1) - 1, at(3) + 5]) {
      await refused(file.subarray(0, length));
    }
    for (let index = 1; index <= 9; index++) await refused(file.subarray(0, at(index)));
  });

  test("is told where it was cut while there is no chunk yet", async () => {
    await expect(whole(file.subarray(0, 60))).rejects.toThrow("the age header is cut");
    await expect(whole(file.subarray(0, payload - 1))).rejects.toThrow("ends before its first chunk");
  });

  test("is refused when it lost its last byte or its last chunk", async () => {
    await refused(file.subarray(0, -1));
    await refused(file.subarray(0, at(9)));
  });

  test("is refused with a byte, a chunk or itself added", async () => {
    await refused(Buffer.concat([file, Buffer.alloc(1)]));
    await refused(Buffer.concat([file, Buffer.alloc(16)]));
    await refused(Buffer.concat([file, file.subarray(at(9))]));
    await refused(Buffer.concat([file, file]));
  });

  test("is refused with two chunks swapped, one doubled or one gone", async () => {
    const chunks = Array.from({ length: 10 }, (_, i) => file.subarray(at(i), at(i + 1)));
    const rebuilt = (order: number[]) => Buffer.concat([file.subarray(0, payload), ...order.map((i) => chunks[i] ?? Buffer.alloc(0))]);
    await refused(rebuilt([0, 2, 1, 3, 4, 5, 6, 7, 8, 9]));
    await refused(rebuilt([0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    await refused(rebuilt([0, 1, 2, 3, 5, 6, 7, 8, 9]));
    await refused(rebuilt([1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  test("is refused with another file's header, though both open", async () => {
    const other = await sealedFile(plain);
    await refused(Buffer.concat([other.subarray(0, payload - 16), file.subarray(payload - 16)]));
  });

  test("is refused whatever the pieces it comes in", async () => {
    for (const pieces of [[1000], [sealed], [sealed - 1, 2], [file.length]]) await refused(Buffer.concat([file, Buffer.alloc(1)]), pieces);
  });
});

test("an empty last chunk is refused unless it is the only one", async () => {
  const { header, fileKey } = await makeHeader([recipient]);
  const nonce = randomBytes(16);
  const key = payloadKey(fileKey, nonce);
  const full = sealChunks(key, 0, randomBytes(chunk), false);
  const empty = (index: number) => sealChunks(key, index, new Uint8Array(0), true);
  await expect(whole(Buffer.concat([header, nonce, full, empty(1)]))).rejects.toThrow(NotDecryptable);
  expect((await whole(Buffer.concat([header, nonce, empty(0)]))).length).toBe(0);
});

test("another's identity says nothing about the file", async () => {
  const file = await sealedFile(Buffer.from("x"));
  const stranger = await generateIdentity();
  await expect(collect(decrypt(inPieces(file), [stranger.identity]))).rejects.toThrow(KeyUnavailable);
  await expect(collect(decrypt(inPieces(file), []))).rejects.toThrow(KeyUnavailable);
  expect(await collect(decrypt(inPieces(file), [stranger.identity, identity]))).toEqual(Buffer.from("x"));
});

test("a malformed identity is refused and not quoted, not even in a cause", async () => {
  const secret = `${identity.slice(0, -1)}Q`;
  const { error } = await collectUntilError(decrypt(inPieces(await sealedFile(Buffer.from("x"))), [secret]));
  expect(error).toBeInstanceOf(SecretUnusable);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("GFPYYSJZ");
  expect((error as Error).cause).toBeUndefined();
});

test("what does not start as an age file is refused after its first line's worth of bytes", async () => {
  const { bytes, seen } = watched(endless(new Uint8Array(10)));
  await expect(collect(decrypt(bytes, [identity]))).rejects.toThrow("does not start as an age file");
  expect(seen).toEqual({ chunks: 3, bytes: 30, returned: true });
});

test("an armored file is refused as such", async () => {
  const armored = Buffer.from("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n");
  await expect(whole(armored)).rejects.toThrow("armored");
});

test("a header without end is refused after 64 KiB", async () => {
  async function* header() {
    yield Buffer.from("age-encryption.org/v1\n");
    yield* endless(Buffer.from(`-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n`));
  }
  const { bytes, seen } = watched(header());
  await expect(collect(decrypt(bytes, [identity]))).rejects.toThrow("longer than 64 KiB");
  expect(seen.bytes).toBeLessThan(66_000);
  expect(seen.returned).toBe(true);
});

test("the source's own error passes through unchanged", async () => {
  const broken = new Error("connection reset");
  async function* failing() {
    yield (await sealedFile(randomBytes(200_000))).subarray(0, 100_000);
    throw broken;
  }
  expect((await collectUntilError(decrypt(failing(), [identity]))).error).toBe(broken);
});

test("both directions read only as fast as they are read, and return the source when abandoned", async () => {
  const file = await sealedFile(randomBytes(40 * chunk));
  const both = [watched(inPieces(randomBytes(40 * chunk), [chunk])), watched(inPieces(file, [chunk]))] as const;
  for (const stream of [encrypt(both[0].bytes, [recipient]), decrypt(both[1].bytes, [identity])]) {
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    await iterator.return?.();
  }
  for (const { seen } of both) {
    expect(seen.chunks).toBeLessThan(14);
    expect(seen.returned).toBe(true);
  }
});
