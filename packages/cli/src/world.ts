import type { Context } from "@holdfast/core";
import type { Stream } from "./output.ts";

/** The only place where time passes. `wait` throws the reason of `signal` when it fires. */
export type Clock = { now(): Date; wait(milliseconds: number, signal: AbortSignal): Promise<void> };

/** Everything that a command takes from its process; tests bring their own. */
export type World = {
  /** The process's own variables: `--local` changes them, so that every library sees the same. */
  env: Record<string, string | undefined>;
  /** Where relative paths of the person begin. */
  cwd: string;
  /** Where the plan and `.local/` lie. */
  root: string;
  stdout: Stream & { write(text: string | Uint8Array, done?: (error?: Error | null) => void): unknown };
  stderr: Stream;
  /** Asks the person; undefined where nobody sits at a terminal. */
  ask: ((question: string, signal: AbortSignal) => Promise<string>) | undefined;
  clock: Clock;
  /** Ctrl-C. */
  signal: AbortSignal;
  /** Ctrl-C once more: the process ends when its listeners return, so all that they can do is to say what remains. */
  leaving: AbortSignal;
};

export const contextOf = ({ clock, signal }: Pick<World, "clock" | "signal">, progress: (bytes: number) => void = () => {}): Context => ({
  now: () => clock.now(),
  signal,
  progress,
});
