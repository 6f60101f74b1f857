import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Job, Report } from "./job.ts";
import type { Stage } from "./stage.ts";

/** The peaks of the programs that the process started, bytes of RSS by the program's name. */
export type Ran = Report & { children: Record<string, number> };
export type Asked = Pick<Job, "verb" | "place" | "source" | "slot"> & Partial<Pick<Job, "trusted">>;

const lookEveryMillis = 50;

/** Runs one verb in a process of its own; with `oneCore` it and what it starts have one core, where there is {@link taskset}. */
export async function run(stage: Stage, asked: Asked, { oneCore = false } = {}): Promise<Ran> {
  const { keys, layers, folder: scratch } = stage;
  const job: Job = { trusted: {}, ...asked, keys, layers, scratch };
  const command = [...(oneCore && (await isThere(taskset)) ? [taskset, "-c", "0"] : []), process.execPath, stage.child];
  const child = spawn(command[0] ?? "", command.slice(1), { env: bare(scratch), stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify(job));
  const children = watchChildren(child);
  const [said, wrong, code] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
  if (code !== 0) throw new Error(`${asked.verb} ended with ${code}: ${wrong.trim().split("\n").slice(-12).join("\n")}`);
  return { ...(JSON.parse(said) as Report), children: children() };
}

/** Of util-linux. It becomes what it starts, so the process keeps its id. */
export const taskset = "taskset";

/** Whether a program is on the PATH. */
export const isThere = (program: string): Promise<boolean> =>
  promisify(execFile)("sh", ["-c", `command -v ${program}`]).then(
    () => true,
    () => false,
  );

/** No NODE_OPTIONS, proxy or profile of the person's shell. */
export const bare = (home: string): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: home,
  TMPDIR: home,
  LC_ALL: "C",
});

export function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? signal ?? "nothing"));
  });
}

/** Looks at the children of `of` until it ends; the answer has the peak of each. */
function watchChildren(of: ChildProcess): () => Record<string, number> {
  const peaks: Record<string, number> = {};
  const timer = setInterval(() => {
    for (const pid of childrenOf(of.pid ?? 0)) {
      const { name, peak } = statusOf(pid);
      // Between fork and exec a child still is Node by name and by memory.
      if (name && name !== "node" && !name.startsWith("MainThread")) peaks[name] = Math.max(peaks[name] ?? 0, peak);
    }
  }, lookEveryMillis);
  of.once("close", () => clearInterval(timer));
  return () => peaks;
}

function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number));
  } catch {
    return []; // it has just ended
  }
}

function statusOf(pid: number): { name: string | undefined; peak: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? "0";
    return { name: /^Name:\s+(.+)$/m.exec(status)?.[1], peak: Number(kibibytes) * 1024 };
  } catch {
    return { name: undefined, peak: 0 };
  }
}
