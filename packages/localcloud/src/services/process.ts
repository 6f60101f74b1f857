import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Account } from "./account.ts";
import { environment } from "./environment.ts";
import { ServiceNotReady, ServiceNotStopped } from "./errors.ts";
import { endRun, MARK, type Run } from "./runs.ts";

export type Launch = {
  /** The service's name as a person reads it. */
  title: string;
  program: string;
  args: readonly string[];
  /** What the service needs beside {@link environment}. */
  env?: Readonly<Record<string, string>>;
  account?: Account | undefined;
  /** Asked again and again until true; may throw while it is not. */
  ready(pid: number): Promise<boolean>;
  /** How it is asked to stop, and how long it may take before it is killed. */
  stop: { signal: "TERM" | "INT" | "KILL"; seconds: number };
  /** Files outside the run's folder that it leaves behind. */
  leaves?: readonly string[];
  /** Where it logs to; appended. Default: `log` in the run's folder, which goes with it. */
  log?: string | undefined;
  /** Default {@link READY_SECONDS}. */
  readySeconds?: number;
  /** It may be started again in its run: what it left stays when it stops or dies by itself, and goes with the run or with us. Default false. */
  restarts?: boolean;
};
export type Launched = { pid: number; log: string; stop(): Promise<void> };

/** Twenty times what the slowest takes on two idle cores; a laptop that wakes up or a busy build machine is slow, not broken. */
const READY_SECONDS = 60;
const POLL_MS = 25;
const LAST_LINES = 20;

/**
 * The guard: a shell that leads the service's process group, forks a watcher and becomes the service. The watcher waits on a pipe
 * whose other end only we hold, so it wakes when we close it and when we die, however we die; then it stops the service, removes
 * what it left unless we said `keep`, and kills the rest of the group, itself included. The watcher is there before the service is, so
 * nothing can slip by, and while it is there no other process can get the service's number, which is its group's.
 * It forks twice because PostgreSQL takes the death of an unknown child for a crash, and asks proc(5) because a container's first
 * process may never reap a zombie, which still answers kill -0.
 */
const GUARD = `
signal=$1 tenths=$2 leftovers=$3; shift 3
runs() { read -r stat </proc/$$/stat && case $stat in *") Z "*) false ;; esac; }
( (
  trap '' TERM INT HUP QUIT
  said=$(cat <&3)
  kill -s $signal $$
  while runs && [ $tenths -gt 0 ]; do sleep 0.1; tenths=$((tenths - 1)); done
  kill -s KILL $$
  [ "$said" = keep ] || printf '%s' "$leftovers" | while IFS= read -r leftover; do rm -rf -- "$leftover"; done
  kill -s KILL -- -$$
) >/dev/null 2>&1 & )
exec "$@" 3<&- </dev/null
`;

/** Starts a service in its run and waits until it is ready. Throws {@link ServiceNotReady} with the log's last lines; then nothing is left. */
export async function launch(run: Run, what: Launch): Promise<Launched> {
  const log = what.log ?? path.join(run.folder, "log");
  const child = start(run, what, log);
  const { pid } = child;
  const guard = child.stdio[3] as Socket;
  const over = new Promise<void>((resolve) => guard.once("close", resolve));
  guard.on("error", () => {}).resume();
  const stop = () => stopped(what, guard, over, run);
  const problem = pid === undefined ? "could not be started" : await untilReady(what, child, pid);
  if (pid !== undefined && problem === undefined) {
    // Whatever the service left running when it died by itself goes too. One that restarts keeps its watcher, for when we die meanwhile.
    if (!what.restarts) child.once("exit", () => guard.end());
    // A program that ends without stopping its services may end: that closes the guard, which stops them.
    child.unref();
    guard.unref();
    return { pid, log, stop };
  }
  const lastLines = tail(log);
  await stop();
  throw new ServiceNotReady(what.title, problem ?? "", lastLines);
}

function start(run: Run, what: Launch, log: string): ChildProcess {
  const fd = openSync(log, "a", 0o600);
  try {
    const leftovers = [run.folder, run.record, ...(what.leaves ?? [])].map((file) => `${file}\n`).join("");
    return spawn(
      "/bin/sh",
      ["-c", GUARD, "holdfast", what.stop.signal, String(Math.round(what.stop.seconds * 10)), leftovers, what.program, ...what.args],
      {
        cwd: run.folder,
        env: environment(run.folder, { ...what.env, [MARK]: run.mark }),
        stdio: ["ignore", fd, fd, "pipe"],
        detached: true,
        ...what.account,
      },
    );
  } finally {
    closeSync(fd);
  }
}

async function untilReady(what: Launch, child: ChildProcess, pid: number): Promise<string | undefined> {
  const seconds = what.readySeconds ?? READY_SECONDS;
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) return `ended with exit code ${child.exitCode} while it started`;
    if (child.signalCode !== null) return `was ended by ${child.signalCode} while it started`;
    if (await what.ready(pid).catch(() => false)) return undefined;
    await pause(POLL_MS);
  }
  return `was not ready after ${seconds} s`;
}

async function stopped(what: Launch, guard: Socket, over: Promise<void>, run: Run): Promise<void> {
  guard.ref();
  if (!guard.writableEnded) guard.end(what.restarts ? "keep" : "");
  const late = pause((what.stop.seconds + 10) * 1000, "late" as const, { ref: false });
  if ((await Promise.race([over, late])) === "late") {
    throw new ServiceNotStopped(`${what.title} did not stop`, "Look for it with ps and end it by hand; its log is in its folder.");
  }
  if (!what.restarts) await endRun(run);
}

function tail(log: string): string {
  try {
    return readFileSync(log, "utf8").trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  } catch {
    return "";
  }
}
