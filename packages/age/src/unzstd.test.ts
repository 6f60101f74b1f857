import { randomBytes } from "node:crypto";
import { constants, createZstdCompress, zstdCompressSync } from "node:zlib";
import { NotDecompressible } from "@holdfast/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { collect, collectUntilError, inPieces, mixed, watched } from "../test/bytes.ts";
import { unzstd } from "./unzstd.ts";
import { zstd } from "./zstd.ts";

const frame = (plain: Uint8Array) => zstdCompressSync(plain);
const open = (compressed: Uint8Array, pieces?: number[], limit?: number) =>
  collect(unzstd(inPieces(compressed, pieces), limit === undefined ? {} : { limit }));
const sizes = fc.array(fc.integer({ min: 2_000, max: 400_000 }), { minLength: 1, maxLength: 3 });

test("decompressing undoes compressing, for any length and any pieces", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.nat(5), fc.nat(2_000_000)), sizes, sizes, async (length, plainSizes, zstdSizes) => {
      const plain = mixed(length);
      const compressed = await collect(zstd(inPieces(plain, plainSizes)));
      expect((await collect(unzstd(inPieces(compressed, zstdSizes)))).equals(plain)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("and byte by byte", async () => {
  const compressed = await collect(zstd(inPieces(Buffer.from("to be or not to be"), [1])));
  expect(await open(compressed, [1])).toEqual(Buffer.from("to be or not to be"));
});

test("every frame is read, wherever the pieces end", async () => {
  const plains = [Buffer.alloc(1_000_000, "a"), Buffer.alloc(3_000_000, "b"), randomBytes(70_000), Buffer.alloc(0), Buffer.from("end")];
  const frames = plains.map(frame);
  const compressed = Buffer.concat(frames);
  const first = frames[0]?.length ?? 0;
  for (const pieces of [
    [compressed.length],
    [first, compressed.length],
    [first - 1, compressed.length],
    [first + 1, compressed.length],
    [977],
    [100],
  ]) {
    expect((await open(compressed, pieces)).equals(Buffer.concat(plains))).toBe(true);
  }
});

test("output of exactly whole buffers is read to its end", async () => {
  for (const bytes of [512 * 1024, 1024 * 1024]) {
    const twice = Buffer.concat([frame(Buffer.alloc(bytes, 1)), frame(Buffer.alloc(bytes, 2))]);
    expect((await open(twice)).length).toBe(2 * bytes);
  }
});

test("anything after the last frame is refused, wherever the pieces end", async () => {
  const compressed = frame(randomBytes(5_000));
  for (const garbage of [Buffer.of(0), Buffer.alloc(3), Buffer.from("garbage after"), compressed.subarray(1), randomBytes(700_000)]) {
    const file = Buffer.concat([compressed, garbage]);
    for (const pieces of [[file.length], [compressed.length, file.length], [compressed.length - 1, file.length], [100]]) {
      await expect(open(file, pieces)).rejects.toThrow(NotDecompressible);
    }
  }
});

test("a cut frame is refused, wherever it is cut", async () => {
  const compressed = frame(mixed(300_000));
  for (const length of [1, 3, 4, 9, 1000, compressed.length >> 1, compressed.length - 1]) {
    await expect(open(compressed.subarray(0, length))).rejects.toThrow(NotDecompressible);
    await expect(open(Buffer.concat([compressed, compressed.subarray(0, length)]))).rejects.toThrow(NotDecompressible);
  }
});

test("no input at all is refused; a frame of nothing is not", async () => {
  await expect(open(Buffer.alloc(0))).rejects.toThrow(NotDecompressible);
  expect((await open(frame(Buffer.alloc(0)))).length).toBe(0);
});

test("what never was zstd is refused", async () => {
  for (const bytes of [Buffer.from("hello, world"), randomBytes(100_000), Buffer.alloc(50_000)]) {
    await expect(open(bytes)).rejects.toThrow(NotDecompressible);
  }
});

test("a bomb is stopped soon after the bytes that were expected", async () => {
  const bomb = frame(Buffer.alloc(200_000_000));
  expect(bomb.length).toBeLessThan(20_000);
  const { got, error } = await collectUntilError(unzstd(inPieces(bomb), { limit: 1_000_000 }));
  expect(error).toBeInstanceOf(NotDecompressible);
  expect(got.length).toBeLessThanOrEqual(1_000_000);
});

test("exactly the bytes that were expected may come out", async () => {
  const compressed = frame(Buffer.alloc(1_000_000));
  expect((await open(compressed, undefined, 1_000_000)).length).toBe(1_000_000);
  await expect(open(compressed, undefined, 999_999)).rejects.toThrow(NotDecompressible);
});

test("a frame that wants more memory than any of ours is refused", async () => {
  const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_compressionLevel]: 1 };
  const stream = createZstdCompress({ params });
  stream.end(Buffer.alloc(1000, "x"));
  await expect(collect(unzstd(stream))).rejects.toThrow(NotDecompressible);
});

test("the source's own error passes through unchanged, in both directions", async () => {
  const broken = Object.assign(new Error("connection reset"), { code: "ECONNRESET", errno: -104 });
  const failing = (bytes: Uint8Array) =>
    (async function* () {
      yield bytes;
      throw broken;
    })();
  expect((await collectUntilError(unzstd(failing(frame(randomBytes(100_000)))))).error).toBe(broken);
  expect((await collectUntilError(zstd(failing(randomBytes(2_000_000))))).error).toBe(broken);
});

test("both directions read only as fast as they are read, and return the source when abandoned", async () => {
  const plain = randomBytes(40 << 20);
  const compressed = await collect(zstd(inPieces(plain, [1 << 20])));
  const sources = [watched(inPieces(plain, [65_536])), watched(inPieces(compressed, [65_536]))] as const;
  for (const stream of [zstd(sources[0].bytes), unzstd(sources[1].bytes)]) {
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => setImmediate(resolve));
    await iterator.return?.();
  }
  for (const { seen } of sources) {
    expect(seen.bytes).toBeLessThan(8 << 20);
    expect(seen.returned).toBe(true);
  }
});

test("whatever the bytes are, it ends: well, or as not decompressible", async () => {
  const whole = Buffer.concat([frame(mixed(3_000)), frame(Buffer.alloc(0)), frame(Buffer.alloc(200_000, "z"))]);
  const hostile = fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), fc.integer({ min: 1, max: 4_000 }));
  await fc.assert(
    fc.asyncProperty(hostile, async ([position, byte, length, piece]) => {
      const bytes = Buffer.from(whole);
      bytes[position] = byte;
      const { error } = await collectUntilError(unzstd(inPieces(bytes.subarray(0, length), [piece]), { limit: 1_000_000 }));
      expect(error === undefined || error instanceof NotDecompressible).toBe(true);
    }),
    { numRuns: 150 },
  );
});
