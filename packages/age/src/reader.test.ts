import { give } from "@holdfast/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inPieces, watched } from "../test/bytes.ts";
import { Reader } from "./reader.ts";

test("whatever sizes come in and are asked for, the bytes come out in order", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), sizes, sizes, async (data, given, asked) => {
      const reader = new Reader(inPieces(data, given));
      const got: number[] = [];
      for (let turn = 0; !(await reader.atEnd()); turn++) {
        const into = new Uint8Array(asked[turn % asked.length] ?? 1);
        const filled = await reader.fill(into);
        expect(filled === into.length || (await reader.atEnd())).toBe(true);
        got.push(...into.subarray(0, filled));
      }
      expect(got).toEqual([...data]);
    }),
  );
});

test("empty chunks are no end", async () => {
  async function* withEmpty() {
    yield new Uint8Array(0);
    yield Uint8Array.of(1);
    yield new Uint8Array(0);
    yield Uint8Array.of(2);
  }
  const into = new Uint8Array(5);
  expect(await new Reader(withEmpty()).fill(into)).toBe(2);
  expect([...into]).toEqual([1, 2, 0, 0, 0]);
});

test("a chunk is handed out uncopied, and its tail can be given back", async () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const reader = new Reader(inPieces(data, [4, 2]));
  const chunk = await reader.chunk();
  expect(chunk?.buffer).toBe(data.buffer);
  expect(await reader.atEnd()).toBe(false); // looks ahead, and must not lose what it saw
  reader.putBack(Uint8Array.of(3, 4));
  const rest = new Uint8Array(9);
  expect(await reader.fill(rest)).toBe(4);
  expect([...rest.subarray(0, 4)]).toEqual([3, 4, 5, 6]);
  expect(await reader.chunk()).toBeUndefined();
});

test("closing returns the source, so that its producer stops", async () => {
  const { bytes, seen } = watched(inPieces(new Uint8Array(100), [1]));
  const reader = new Reader(bytes);
  await reader.fill(new Uint8Array(3));
  expect(seen).toEqual({ chunks: 3, bytes: 3, returned: false });
  await reader.close();
  expect(seen.returned).toBe(true);
  expect(await reader.atEnd()).toBe(true);
});

test("a chunk that was given away is freed as soon as its last byte is copied, and no other", async () => {
  const [given, kept] = [give(Uint8Array.of(1, 2, 3)), Uint8Array.of(4, 5)];
  async function* both() {
    yield given;
    yield kept;
  }
  const reader = new Reader(both());
  const into = new Uint8Array(5);
  await reader.fill(into.subarray(0, 2));
  expect([...given]).toEqual([1, 2, 3]);
  await reader.fill(into.subarray(2));
  expect([...into]).toEqual([1, 2, 3, 4, 5]);
  expect([given.length, kept.length]).toEqual([0, 2]);
});
