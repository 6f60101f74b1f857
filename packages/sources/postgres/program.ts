import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { type Bytes, free, give } from "@holdfast/core";
import { ClientMissing } from "./errors.ts";

export type Ending = { code: number | null; signal: NodeJS.Signals | null; said: string };
export type Job = {
  path: string;
  args: readonly string[];
  /** The child's whole environment. */
  env: Readonly<Record<string, string>>;
  folder: string;
  signal: AbortSignal;
  /** Makes the error for any ending but exit code 0. */
  failed(ending: Ending): Error;
  /** Read to its end, whatever the child takes of it. */
  input?: Bytes;
  /** Only as much of the input is read as the child takes. */
  partly?: boolean;
};
export type Running = {
  /** Ends only after exit code 0; throws what `done` rejects with. Leaving it early kills the child. */
  output: Bytes;
  /** Exit code 0 and no signal; else rejects with `failed`'s error, the abort's reason, what broke the input, or the reason given to {@link stop}. */
  done: Promise<void>;
  /** SIGTERM, then SIGKILL. Resolves when the child is gone. */
  stop(reason: Error): Promise<void>;
};

/** pg_dump needs a moment after SIGTERM to cancel its query on the server. */
const GRACE = 5000;
/** Bytes that may wait for a child to take them. Waiting at each chunk would cost a change of process for each. */
const AHEAD = 2 ** 20;
/** What a program says last is what explains its end. */
const LAST_SAID = 4096;

/** Starts one program without a shell. Its exit code decides about success, never the end of what it writes. */
export function start(job: Job): Running {
  const child = spawn(job.path, job.args, {
    cwd: job.folder,
    env: job.env,
    stdio: [job.input ? "pipe" : "ignore", "pipe", "pipe"],
  }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
  let reason: Error | undefined;
  let kill: NodeJS.Timeout | undefined;
  const end = (why: Error) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    reason ??= why;
    // A reader that waits hears why; one that does not come back must not keep the pipe open.
    child.stdout.destroy(reason);
    child.kill("SIGTERM");
    kill ??= setTimeout(() => child.kill("SIGKILL"), GRACE);
  };
  child.stdout.on("error", () => {});
  const abort = () => end(job.signal.reason);
  job.signal.addEventListener("abort", abort);
  if (job.signal.aborted) abort();

  const closed = ending(child, job.path);
  closed.catch(() => {});
  const over = closed.finally(() => {
    clearTimeout(kill);
    job.signal.removeEventListener("abort", abort);
  });
  const isOver = () => reason !== undefined || child.signalCode !== null || (child.exitCode ?? 0) !== 0;
  const fed =
    job.input && child.stdin ? feed(job.input, child.stdin, end, (open) => isOver() || (!open && job.partly === true)) : Promise.resolve();
  fed.catch(() => {});
  const done = over.then(async (how) => {
    await fed.catch((error) => {
      reason ??= error;
    });
    if (reason) throw reason;
    if (how.code !== 0) throw job.failed(how);
  });
  done.catch(() => {});
  const stop = async (why: Error) => {
    end(why);
    await closed.catch(() => {});
  };
  return { output: outputOf(child.stdout, done, stop), done, stop };
}

async function* outputOf(stdout: Readable, done: Promise<void>, stop: (reason: Error) => Promise<void>): Bytes {
  let whole = false;
  try {
    for await (const chunk of stdout) yield isAlone(chunk) ? give(chunk) : chunk;
    whole = true;
  } finally {
    if (!whole) await stop(new Error("its output was not read to the end"));
  }
  await done;
}

/** Node reads each chunk of a pipe into memory of its own; should it ever share it, nobody may free it. */
const isAlone = (chunk: Uint8Array): boolean => chunk.buffer.byteLength === chunk.length;

/** Resolves with the ending whatever it is; rejects only when the program could not be started. */
function ending(child: ChildProcessByStdio<Writable | null, Readable, Readable>, path: string): Promise<Ending> {
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-LAST_SAID);
  });
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => reject(new ClientMissing(path, { cause })));
    child.on("close", (code, signal) => resolve({ code, signal, said }));
  });
}

/**
 * Writes the input into the child, and reads it to its end even when the child has enough: digests are checked on the last byte. A failing
 * input ends the child, since for it a closed pipe would look like a whole file. Of what nobody waits for any more nothing is read. What was
 * given away is freed once the child's pipe has it.
 */
async function feed(input: Bytes, stdin: Writable, end: (reason: Error) => void, isOver: (open: boolean) => boolean): Promise<void> {
  let open = true;
  const closed = finished(stdin).catch(() => {
    open = false;
  });
  try {
    for await (const chunk of input) {
      if (isOver(open)) break;
      // An input that never waits would else keep us from hearing how the child ended.
      if (!open) await setImmediate();
      else if (!write(stdin, chunk) && stdin.writableLength > AHEAD) await Promise.race([once(stdin, "drain"), closed]);
    }
    stdin.end();
    await closed;
  } catch (error) {
    end(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    stdin.destroy();
  }
}

/** An error leaves the chunk to the collector: who knows what still reads it. */
function write(stdin: Writable, chunk: Uint8Array): boolean {
  return stdin.write(chunk, (error) => {
    if (!error) free(chunk);
  });
}

/** How a program ended, in words. */
export const endingWords = ({ code, signal }: Ending): string => (signal ? `killed by ${signal}` : `exit code ${code}`);
