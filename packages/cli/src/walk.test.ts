import { expect, test } from "vitest";
import { testWorld } from "./kit/world.ts";
import { output } from "./output.ts";
import { walking } from "./walk.ts";

test("what goes on is shown with its time, and what has ended with what it answered", async () => {
  const world = testWorld({ tty: true });
  const out = output(world.stdout, world.stderr, { now: world.clock.now, color: false });
  const walk = walking(out, world.clock);
  const idle = () => world.clock.wait(2000, world.signal);
  expect(await walk("Thaw", async () => ({ state: (await idle()) ?? "ready" }))).toEqual({ state: "ready" });
  expect(await walk("Plan", async () => ({ at: new Date(0), not: undefined }))).toStrictEqual({ at: "1970-01-01T00:00:00.000Z" });
  await expect(walk("Undo", () => idle().then(() => Promise.reject(new TypeError("no"))))).rejects.toThrow("no");
  const [thaw = "", , undo = ""] = world.stderr.text.split("\n");
  expect(thaw).toMatch(/^\r.*ask archived files back +[\d.]+ s\r.* {2}ask archived files back +[\d.]+ s {3}none is archived$/);
  expect(undo).toMatch(/remove what was made +[\d.]+ s {3}failed: TypeError$/);
});
