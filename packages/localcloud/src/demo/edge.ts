import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "@holdfast/cli/src/errors.ts";
import { output } from "@holdfast/cli/src/output.ts";
import type { Clock, World } from "@holdfast/cli/src/world.ts";
import { clone } from "../services/index.ts";
import { type Options, parseOptions } from "./options.ts";
import { type Session, session } from "./session.ts";

/** npm passes on a Ctrl-C that the terminal has sent to us already: what comes that soon is the same one. */
const sameMillis = 1_000;

/** Runs `work` for the process itself: its arguments, signals and terminal, and its exit code. Everything goes to stdout. */
export async function atTheEdge(
  name: "demo" | "local",
  title: string,
  work: (session: Session, options: Options) => Promise<void>,
): Promise<void> {
  const { argv, env, stdout, stderr } = process;
  const options = parseOptions(name, argv.slice(2));
  if ("say" in options) {
    stdout.write(`${options.say}\n`);
    process.exitCode = options.code;
    return;
  }
  const out = output(stdout, stdout, { now: () => new Date(), color: !env.NO_COLOR && env.TERM !== "dumb" });
  // Who does not want to wait for the cleaning up ends the process: nobody is told of it first.
  const leaving = new AbortController().signal;
  const world: World = { env, cwd: process.cwd(), root: clone, stdout, stderr, ask: undefined, clock, signal: interruption(), leaving };
  process.exitCode = await session(title, world, out, (opened) => work(opened, options));
}

/** Fires when somebody asks to end. Who asks once more does not want to wait for the cleaning up: services end with us all the same. */
function interruption(): AbortSignal {
  const interrupt = new AbortController();
  let asked = 0;
  const end = (signal: "SIGINT" | "SIGTERM" | "SIGHUP") => {
    if (!interrupt.signal.aborted) asked = performance.now();
    else if (performance.now() - asked > sameMillis) process.exit(new Interrupted(signal).code);
    interrupt.abort(new Interrupted(signal));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));
  // Nobody reads any more: a pipe or a terminal that was closed.
  process.stdout.on("error", () => end("SIGHUP"));
  return interrupt.signal;
}

const clock: Clock = {
  now: () => new Date(),
  async wait(milliseconds, signal) {
    await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
  },
};
