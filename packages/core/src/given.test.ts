import { expect, test } from "vitest";
import { free, give } from "./given.ts";

test("what was given away is freed with its whole buffer, once", () => {
  const buffer = new ArrayBuffer(10);
  const chunk = give(new Uint8Array(buffer, 2, 5));
  expect(chunk).toHaveLength(5);
  free(chunk);
  expect([chunk.length, buffer.byteLength]).toEqual([0, 0]);
  free(chunk);
});

test("what was not given stays, also as another view of what was", () => {
  const mine = Uint8Array.of(1, 2, 3);
  const given = give(Uint8Array.of(4, 5, 6));
  const view = given.subarray(0, 2);
  free(mine);
  free(view);
  expect([[...mine], [...view], [...given]]).toEqual([
    [1, 2, 3],
    [4, 5],
    [4, 5, 6],
  ]);
});
