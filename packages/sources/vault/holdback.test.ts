import fc from "fast-check";
import { expect, test } from "vitest";
import { holdingBack } from "./holdback.ts";

async function* chunksOf(sizes: readonly number[], end?: Error) {
  let at = 0;
  for (const size of sizes) yield Uint8Array.from({ length: size }, () => at++ % 256);
  if (end) throw end;
}

test("gives the same bytes, whatever their pieces", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 9 })), fc.integer({ min: 1, max: 20 }), async (sizes, tail) => {
      const [whole, held] = await Promise.all([Array.fromAsync(chunksOf(sizes)), Array.fromAsync(holdingBack(chunksOf(sizes), tail))]);
      expect(Buffer.concat(held)).toEqual(Buffer.concat(whole));
    }),
  );
});

test("gives none of the last bytes where the source fails at its end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 9 })), fc.integer({ min: 1, max: 20 }), async (sizes, tail) => {
      const failed = new Error("digests differ");
      let given = 0;
      const reading = async () => {
        for await (const chunk of holdingBack(chunksOf(sizes, failed), tail)) given += chunk.length;
      };
      await expect(reading()).rejects.toBe(failed);
      expect(given).toBeLessThanOrEqual(Math.max(0, sizes.reduce((sum, size) => sum + size, 0) - tail));
    }),
  );
});
