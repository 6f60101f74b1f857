import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Account, temporary } from "./account.ts";
import { clone } from "./install.ts";

/**
 * One start of one service: its private folder, and a record in `.local/run` by which the next start finds what a killed one left.
 * `mark` stands in the environment of every process of the run, so that no other process is ever taken for one of them.
 */
export type Run = { service: string; mark: string; folder: string; record: string };

export const MARK = "HOLDFAST_RUN";
const POLL_MS = 10;
const records = path.join(clone, ".local", "run");

type Written = { service: string; mark: string; folder: string; owner: string; also: string[] };

/** Makes the folder, owned by `account` and closed to others. `also` names files outside the folder that the service leaves behind. */
function beginRun(service: string, account: Account | undefined, also: string[] = []): Run {
  const mark = randomBytes(12).toString("hex");
  const folder = mkdtempSync(path.join(temporary(account), "holdfast-"));
  mkdirSync(records, { recursive: true });
  const record = path.join(records, `${service}-${mark}.json`);
  writeFileSync(record, JSON.stringify({ service, mark, folder, owner: identity(process.pid) ?? "unknown", also } satisfies Written));
  chmodSync(folder, 0o700);
  if (account) chownSync(folder, account.uid, account.gid);
  return { service, mark, folder, record };
}

/** Gives `work` a run of its own, and removes the run when `work` fails. */
export async function inRun<T>(service: string, account: Account | undefined, work: (run: Run) => Promise<T>, also?: string[]): Promise<T> {
  await sweep();
  const run = beginRun(service, account, also);
  try {
    return await work(run);
  } catch (error) {
    await endRun(run);
    throw error;
  }
}

/** Ends what still carries the run's mark, and removes its folder and record. Twice is harmless. */
export async function endRun(run: Run): Promise<void> {
  await endMarked(run.mark);
  for (const leftover of [run.folder, run.record]) rmSync(leftover, { recursive: true, force: true });
}

/** Ends what runs of this clone left whose starter is dead, and only that. */
export async function sweep(): Promise<void> {
  for (const file of list(records)) {
    const record = path.join(records, file);
    const left = readRecord(record);
    if (!left || alive(left.owner)) continue;
    await endMarked(left.mark);
    for (const leftover of [left.folder, ...left.also, record]) rmSync(leftover, { recursive: true, force: true });
  }
}

function readRecord(file: string): Written | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** A process beyond doubt: its number is used again one day, number with start time and boot is not. */
function identity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${pid} ${start} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
  } catch {
    return undefined;
  }
}

function alive(owner: string): boolean {
  return identity(Number(owner.split(" ")[0])) === owner;
}

/** Every process that carries the mark of a run. */
export function marked(mark: string): number[] {
  const pids = list("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => environ(pid).includes(`${MARK}=${mark}\0`));
}

function environ(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

/** Kills every process of a run and waits until the last is gone: one that still writes would put files back into a removed folder. */
async function endMarked(mark: string): Promise<void> {
  for (let pids = marked(mark); pids.length > 0; pids = marked(mark)) {
    for (const pid of pids) signal(pid);
    await pause(POLL_MS);
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // ESRCH: it ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
