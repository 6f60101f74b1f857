import { output } from "@holdfast/cli/src/output.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openSteps } from "./steps.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Steps on a terminal or not, with a clock that moves by hand. */
function stepsOn({ isTTY, width }: { isTTY: boolean; width?: number }) {
  const written: string[] = [];
  const stream = { isTTY, columns: 100, write: (text: string) => written.push(text) };
  let seconds = 0;
  const out = output(stream, stream, { now: () => new Date(seconds * 1000), color: false });
  const steps = openSteps(out, { now: () => seconds * 1000, width });
  const pass = async (more: number) => {
    seconds += more;
    await vi.advanceTimersByTimeAsync(more * 1000);
  };
  return { steps, pass, lines: () => written.join("").split("\n"), written };
}

test("a step that ended has one line: when it ended, how long it took, and what came of it", async () => {
  const { steps, pass, lines } = stepsOn({ isTTY: false });
  await pass(2);
  const step = steps.run(
    "counting",
    () => pass(3).then(() => 42),
    (found) => `counted ${found}`,
  );
  await step;
  expect(lines()).toEqual(["    5.0 s    3.0 s               counted 42", ""]);
});

test("who knows better how long it took may say so", async () => {
  const { steps, pass, lines } = stepsOn({ isTTY: false });
  await steps.run(
    "seeing a backup",
    () => pass(1),
    () => ({ text: "a backup", seconds: 7 }),
  );
  expect(lines()[0]).toBe("    1.0 s    7.0 s               a backup");
});

test("a step says which source it is about, in its line and while it runs", async () => {
  const { steps, pass, lines, written } = stepsOn({ isTTY: true });
  const step = steps.of("vault").run(
    "counting",
    () => pass(0.4),
    () => "counted",
  );
  await step;
  expect(written.join("")).toContain("vault counting");
  expect(lines().join("")).toContain("    0.4 s    0.4 s  vault        counted");
});

test("what is longer than the terminal is wide goes on below its own beginning", async () => {
  const { steps, lines } = stepsOn({ isTTY: false, width: 60 });
  steps.of("shop").detail(2, "make the role and the database shop owned by it");
  steps.of("shop").detail(undefined, "- load it");
  expect(lines()).toEqual([
    "             2.0 s  shop           make the role and the",
    "                                   database shop owned by it",
    "                    shop           - load it",
    "",
  ]);
});

test("steps that run at the same time share the live line on a terminal", async () => {
  const { steps, pass, written } = stepsOn({ isTTY: true });
  const one = Promise.withResolvers<void>();
  const two = Promise.withResolvers<void>();
  const both = [
    steps.run(
      "one",
      async (say) => {
        say("half");
        await one.promise;
      },
      () => "first",
    ),
    steps.run(
      "two",
      () => two.promise,
      () => "second",
    ),
  ];
  await pass(0.2);
  expect(written.at(-1)).toContain("one: half · two");
  one.resolve();
  await both[0];
  await pass(0.2);
  expect(written.at(-1)).toContain("two");
  expect(written.at(-1)).not.toContain("one");
  two.resolve();
  await Promise.all(both);
  expect(vi.getTimerCount()).toBe(0);
});

test("without a terminal a long step shows every ten seconds that it goes on", async () => {
  const { steps, pass, lines } = stepsOn({ isTTY: false });
  const long = Promise.withResolvers<void>();
  const step = steps.run(
    "waiting",
    () => long.promise,
    () => "done",
  );
  for (let i = 0; i < 25 * 5; i++) await pass(0.2);
  long.resolve();
  await step;
  expect(lines().filter((line) => line.includes("waiting"))).toHaveLength(2);
});

test("a step that fails leaves no line that says it ended, and no timer", async () => {
  const { steps, lines } = stepsOn({ isTTY: false });
  await expect(
    steps.run(
      "failing",
      () => Promise.reject(new Error("no")),
      () => "done",
    ),
  ).rejects.toThrow("no");
  expect(lines().join("")).not.toContain("done");
  expect(vi.getTimerCount()).toBe(0);
});
