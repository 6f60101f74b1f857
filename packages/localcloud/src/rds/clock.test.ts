import { expect, test } from "vitest";
import { byHand, scaled } from "./clock.ts";

const { signal } = new AbortController();

test("by hand, what waits again is waited for from the moment that it began to", async () => {
  const clock = byHand();
  const heard: string[] = [];
  void clock.pass(100, signal).then(async () => {
    heard.push("first");
    await clock.pass(50, signal);
    heard.push("second");
  });
  await clock.advance(99);
  expect(heard).toEqual([]);
  await clock.advance(50);
  expect(heard).toEqual(["first"]);
  await clock.advance(1);
  expect(heard).toEqual(["first", "second"]);
});

test("whoever waits is told when it is over", async () => {
  const over = new AbortController();
  const waits = [byHand().pass(1000, over.signal), scaled(1000).pass(1000, over.signal)];
  over.abort(new Error("over"));
  for (const wait of waits) await expect(wait).rejects.toThrow();
});

test("a scale is how much of a wait passes really", () => {
  expect([scaled(0.001).real(60_000), scaled(0).real(60_000), byHand().real(1)]).toEqual([60, 0, 0]);
});
