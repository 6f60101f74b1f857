import { expect, test } from "vitest";
import { collect, inPieces } from "../test/bytes.ts";
import { StreamSpent } from "./errors.ts";
import { held, once, tap } from "./streams.ts";

const three = () => tap(inPieces(Uint8Array.of(1, 2, 3), [1]), () => {});

test("a stream for one reader throws at the second instead of looking empty", async () => {
  const bytes = once(three);
  expect([...(await collect(bytes))]).toEqual([1, 2, 3]);
  await expect(collect(bytes)).rejects.toThrow(StreamSpent);
});

test("it tells when its reader stops early, also before the first chunk, and not when it ends", async () => {
  let abandoned = 0;
  const stopAfter = async (chunks: number) => {
    const iterator = once(three, () => abandoned++)[Symbol.asyncIterator]();
    for (let i = 0; i < chunks; i++) await iterator.next();
    await iterator.return?.();
  };
  await stopAfter(0);
  await stopAfter(2);
  expect(abandoned).toBe(2);
  await collect(once(three, () => abandoned++));
  expect(abandoned).toBe(2);
});

test("what is shown a chunk may end the stream by throwing", async () => {
  const seen: number[] = [];
  const stream = tap(inPieces(Uint8Array.of(1, 2, 3), [1]), (chunk) => {
    seen.push(...chunk);
    if (chunk[0] === 2) throw new Error("enough");
  });
  await expect(collect(stream)).rejects.toThrow("enough");
  expect(seen).toEqual([1, 2]);
});

test("a held stream is not closed by its reader", async () => {
  const source = three();
  for await (const _ of held(source)) break;
  expect([...(await collect(source))]).toEqual([2, 3]);
});
