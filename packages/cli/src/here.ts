import path from "node:path";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "./errors.ts";
import { run } from "./program.ts";
import type { Clock, World } from "./world.ts";

const clone = path.resolve(import.meta.dirname, "../../..");

/** Runs the process's own command line and leaves its exit code. `root`: where the plan and `.local/` lie. */
export async function runHere(root = clone): Promise<void> {
  const interrupt = interruption();
  // `holdfast list | head` ends when head has enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(process.exitCode ?? 0);
  });
  process.exitCode = await run(process.argv.slice(2), worldOf(root, interrupt));
}

/** npm passes on a Ctrl-C that the terminal has sent to us already: what comes that soon is the same one. */
const sameMillis = 1_000;

/** Fires when somebody asks to end. Whoever asks once more does not want to wait for the cleaning up, and is told what remains. */
function interruption(): Pick<World, "signal" | "leaving"> {
  const interrupt = new AbortController();
  const leaving = new AbortController();
  let asked = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (!interrupt.signal.aborted) asked = performance.now();
      else if (performance.now() - asked > sameMillis) {
        leaving.abort();
        process.exit(new Interrupted(signal).code);
      }
      interrupt.abort(new Interrupted(signal));
    });
  return { signal: interrupt.signal, leaving: leaving.signal };
}

function worldOf(root: string, interrupt: Pick<World, "signal" | "leaving">): World {
  const { env, stdin, stdout, stderr } = process;
  return {
    env,
    // `npm run` changes to the repository's root and says where the person was.
    cwd: env.npm_lifecycle_event === "holdfast" && env.INIT_CWD ? env.INIT_CWD : process.cwd(),
    root,
    stdout,
    stderr,
    ask: stdin.isTTY && stderr.isTTY ? ask : undefined,
    clock,
    ...interrupt,
  };
}

const clock: Clock = {
  now: () => new Date(),
  async wait(milliseconds, signal) {
    try {
      await sleep(milliseconds, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};

/** On stderr, since stdout is the result's. The terminal's own Ctrl-C does not reach the process while it asks. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    return await reader.question(question, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    reader.close();
  }
}
