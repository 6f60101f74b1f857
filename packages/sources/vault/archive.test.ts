import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { type Bytes, free, give, HoldfastError } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inPieces, whole } from "../../../test/kit/taken.ts";
import { type Archive, entriesOf, proveArchive, proven } from "./archive.ts";
import { Census } from "./census.ts";
import { OUTPUT_BYTES } from "./gzip.ts";
import { type Fault, faults } from "./kit/faults.ts";
import { aSnapshot, type Shape, snapshotStream, tarOf } from "./kit/snapshot.ts";
import type { Item } from "./kit/snapshotentries.ts";
import { SnapshotMembers } from "./members.ts";
import { TarReader } from "./tar.ts";

const golden = (name: string) => readFile(new URL(`kit/golden/${name}.snap`, import.meta.url));
const prove = (bytes: Buffer, piece = bytes.length + 1) => proveArchive(inPieces(bytes, piece));
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("what a server sent is proven:", () => {
  test("a shamir cluster's", async () => {
    expect(await prove(await golden("shamir"))).toEqual({
      bytes: 19481,
      index: 35,
      term: 3,
      servers: [sha256("shamir 127.0.0.1:19402").slice(0, 16)],
      size: 14818,
      sums: {
        meta: "4418b0432f1f8035d5f92d958680a19f17748159c9acd37fbc58086b38749689",
        state: "c194c4ca07925ecf14029f93501309a4fd2aaac64226958011068e22ae6d6f98",
      },
      sealedBytes: 185,
      seal: { type: "shamir", shares: 3, threshold: 2 },
      entries: { all: 34, data: 9 },
    });
  });
  test("one that opens by itself, with its seal's key and the shares of its recovery keys", async () => {
    expect(await prove(await golden("static"))).toMatchObject({
      seal: { type: "static", shares: 5, threshold: 3, key: "gold-1" },
      sealedBytes: 195,
      entries: { all: 35, data: 9 },
    });
  });
  test("a cluster of two, whichever is named first", async () => {
    const servers = [
      { id: "a", address: "10.0.0.1:8201" },
      { id: "b", address: "10.0.0.2:8201" },
    ];
    const { servers: found } = await prove(aSnapshot({ servers }));
    expect(new Set(found)).toEqual(new Set([sha256("a 10.0.0.1:8201").slice(0, 16), sha256("b 10.0.0.2:8201").slice(0, 16)]));
    expect((await prove(aSnapshot({ servers: servers.toReversed() }))).servers).toEqual(found);
  });
  test.each<[string, (blob: Buffer) => Buffer]>([
    ["cut", (blob) => blob.subarray(0, -1)],
    ["of another format", () => Buffer.from([0x08, 1, 0x12, 2, 8, 1])],
    ["with a key that no wrapper writes", (blob) => Buffer.concat([blob.subarray(0, -1), Buffer.from("\n")])],
    ["empty", () => Buffer.alloc(0)],
  ])("one whose seal's key cannot be told, because the stored keys are %s", async (_, change) => {
    const seal = { type: "awskms", shares: 5, threshold: 3, key: "arn:aws:kms:eu-central-1:1:key/1" };
    expect((await prove(aSnapshot({ seal }))).seal).toEqual(seal);
    const core = (items: Item[]) =>
      items.map((it) => (it.key === "core/hsm/barrier-unseal-keys" ? { ...it, value: change(it.value) } : it));
    expect((await prove(aSnapshot({ seal, core }))).seal).toEqual({ type: "awskms", shares: 5, threshold: 3 });
  });
  test("one that was compressed, in pieces of any size, with values that span pieces", async () => {
    const shape: Shape = { secrets: 40, valueBytes: 9_000, level: 1 };
    const expected = await prove(aSnapshot(shape));
    expect(expected.entries).toEqual({ all: 49, data: 40 });
    const bytes = aSnapshot(shape);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (piece) => {
        expect(await prove(bytes, Math.max(piece, 50))).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
  test("one whose pieces are bytes", async () => expect(await prove(aSnapshot({ level: 9 }), 1)).toMatchObject({ index: 100 }));
});

describe("a snapshot is refused for", () => {
  test.each(Object.entries<Fault>(faults))("%s", async (_, { error, says, make }) => {
    const bytes = make();
    for (const piece of [bytes.length + 1, 1000]) {
      const refused = { name: error, fault: "backup", message: expect.stringContaining(says) };
      await expect(prove(bytes, piece)).rejects.toMatchObject(refused);
    }
  });
  test("a cut at any byte", async () => {
    const bytes = aSnapshot({ secrets: 1, level: 9 });
    const names = new Set<string>();
    for (let at = 1; at < bytes.length; at++) names.add(await refusal(bytes.subarray(0, at)));
    expect(names).toEqual(new Set(["SnapshotCut", "SnapshotUnsealed"]));
  });
});

/**
 * gzip gives no meaning to the time, extra flags and system in its header, and can say the same bytes in several ways. Wherever else a bit is
 * flipped, something is wrong.
 */
test("a flipped bit is refused, unless the very same bytes unpack from it", async () => {
  const bytes = aSnapshot({ secrets: 0, level: 9, core: (items) => items.filter(({ key }) => /keyring|seal-config/.test(key)) });
  const meaningless = Array.from({ length: 6 * 8 }, (_, i) => 4 * 8 + i);
  const passed: number[] = [];
  for (const bit of [...bitsOf(0, 40, 1), ...bitsOf(40, bytes.length - 40, 11), ...bitsOf(bytes.length - 40, bytes.length, 1)]) {
    const flipped = flip(bytes, bit);
    const name = await refusal(flipped);
    if (name === "passed") passed.push(bit);
    if (name === "passed") expect(gunzipSync(flipped).equals(gunzipSync(bytes))).toBe(true);
  }
  expect(passed.filter((bit) => bit < 10 * 8)).toEqual(meaningless);
  expect(passed.length).toBeLessThan(meaningless.length + 20);
});

describe("inside of its compression", () => {
  test("a flipped bit is refused, unless it is one of the sealed sums, which only their key can check", () => {
    const plain = Buffer.concat([...tarOf({ secrets: 2 })]);
    const sealed = { from: plain.length - 1024 - 512, to: plain.length - 1024 - 512 + 185 };
    const passed = bitsOf(0, plain.length, 5).filter((bit) => isWhole(flip(plain, bit)));
    expect(passed).toEqual(bitsOf(0, plain.length, 5).filter((bit) => bit >> 3 >= sealed.from && bit >> 3 < sealed.to));
  });
  test("a cut at any byte is noticed", () => {
    const plain = Buffer.concat([...tarOf({ secrets: 2 })]);
    for (let at = 0; at < plain.length; at += 7) if (isWhole(plain.subarray(0, at))) throw new Error(`a cut after ${at} bytes passed`);
    expect(isWhole(plain)).toBe(true);
  });
});

describe("while it is proven,", () => {
  test("the very same bytes pass, and the proof comes with their end", async () => {
    const bytes = aSnapshot({ secrets: 2000 });
    const { bytes: same, archive } = proven(inPieces(bytes, 4096));
    expect((await whole(same)).equals(bytes)).toBe(true);
    expect(await archive).toEqual(await prove(bytes));
  });
  test("no more is taken from the source than is asked for", async () => {
    const source = counted(snapshotStream({ secrets: 2000 }));
    const iterator = proven(source.bytes).bytes[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    expect(source.given()).toBe(2);
    await iterator.return?.();
  });
  test("a failed check throws before the end, returns the source and fails the proof", async () => {
    const source = counted(inPieces(faults["a wrong sum of meta.json"].make({ secrets: 3 }), 700));
    const { bytes, archive } = proven(source.bytes);
    await expect(whole(bytes)).rejects.toMatchObject({ name: "SnapshotBroken" });
    await expect(archive).rejects.toMatchObject({ name: "SnapshotBroken" });
    expect(source.returned()).toBe(true);
    await expect(bytes[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: "SnapshotBroken" });
  });
  test("what fails the source fails the bytes and the proof", async () => {
    const { bytes, archive } = proven(failing(aSnapshot(), new Error("the line is dead")));
    await expect(whole(bytes)).rejects.toThrow("the line is dead");
    await expect(archive).rejects.toThrow("the line is dead");
  });
  test.each([0, 1, 3])("a reader that leaves after %i pieces releases the source and fails the proof", async (pieces) => {
    const source = counted(snapshotStream({ secrets: 2000 }));
    const { bytes, archive } = proven(source.bytes);
    const iterator = bytes[Symbol.asyncIterator]();
    for (let i = 0; i < pieces; i++) await iterator.next();
    await iterator.return?.();
    await expect(archive).rejects.toMatchObject({ name: "ProofAbandoned" });
    await expect(iterator.next()).rejects.toMatchObject({ name: "ProofAbandoned" });
    expect(source.returned()).toBe(true);
  });
  test("a reader that leaves while it waits is not left waiting", async () => {
    const iterator = proven(inPieces(aSnapshot({ secrets: 2000 }), 100_000)).bytes[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = iterator.next();
    waiting.catch(() => {});
    await iterator.return?.();
    await expect(waiting).rejects.toMatchObject({ name: "ProofAbandoned" });
  });
});

const bitsOf = (from: number, to: number, step: number) =>
  Array.from({ length: Math.ceil(((to - from) * 8) / step) }, (_, i) => from * 8 + i * step);

function flip(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return flipped;
}

/** Whether a tar is one of a whole snapshot. */
function isWhole(plain: Buffer): boolean {
  const members = new SnapshotMembers(new Census());
  const tar = new TarReader(members);
  try {
    tar.push(plain);
    members.contents();
    return tar.ended;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return false;
  }
}

async function refusal(bytes: Buffer): Promise<string> {
  const found: Archive | { name: string } = await prove(bytes).catch((error) => error);
  return "name" in found ? found.name : "passed";
}

function counted(bytes: Bytes) {
  const iterator = bytes[Symbol.asyncIterator]();
  const seen = { given: 0, returned: false };
  const watched: AsyncIterator<Uint8Array> = {
    async next() {
      const next = await iterator.next();
      if (!next.done) seen.given++;
      return next;
    },
    async return() {
      seen.returned = true;
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { bytes: { [Symbol.asyncIterator]: () => watched }, given: () => seen.given, returned: () => seen.returned };
}

async function* failing(bytes: Buffer, error: Error): Bytes {
  yield bytes.subarray(0, 2000);
  throw error;
}

test("a reader that frees what it was given does not take it from under the proof", async () => {
  const snapshot = await golden("shamir");
  async function* given(): Bytes {
    for await (const piece of inPieces(snapshot, 999)) yield give(Uint8Array.from(piece));
  }
  const { bytes, archive } = proven(given());
  for await (const chunk of bytes) free(chunk);
  expect(await archive).toMatchObject({ bytes: snapshot.length });
});

test("a snapshot of many buffers is read across their borders, though each is freed at its end", async () => {
  const shape = { secrets: 300, valueBytes: 20_011 };
  const archive = await proveArchive(snapshotStream(shape));
  expect(archive.size).toBeGreaterThan(10 * OUTPUT_BYTES);
  expect(archive.entries.data).toBe((await proveArchive(snapshotStream({ ...shape, valueBytes: 11 }))).entries.data);
  const keys = [];
  for await (const batch of entriesOf(snapshotStream(shape))) keys.push(...batch.map(({ key }) => key));
  expect(keys).toHaveLength(archive.entries.all);
});
