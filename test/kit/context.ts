import type { Context } from "@holdfast/core";

export type TestContext = Context & {
  /** Plaintext bytes that were reported so far. */
  readonly counted: number;
  /** Moves the clock, which stands still otherwise. */
  pass(milliseconds: number): void;
  abort(reason: unknown): void;
};

/** A context whose clock moves by hand. */
export function testContext(start = "2026-11-21T02:00:00Z"): TestContext {
  const controller = new AbortController();
  let time = Date.parse(start);
  let counted = 0;
  return {
    now: () => new Date(time),
    signal: controller.signal,
    progress: (bytes) => {
      counted += bytes;
    },
    get counted() {
      return counted;
    },
    pass: (milliseconds) => {
      time += milliseconds;
    },
    abort: (reason) => controller.abort(reason),
  };
}
