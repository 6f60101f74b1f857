import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { CopyJob, CopyReport } from "./copyjob.ts";
import type { CopyStage } from "./copystage.ts";
import { bare, ended } from "./run.ts";

/** `whole`: of the process from its start to its end, as one times a program. */
export type Copied = { report: CopyReport; whole: { seconds: number } };
/** A worker of a fan-out waits for `go` once it is `ready`, so that what is timed is work alone. */
export type Started = { ready: Promise<unknown>; go(): void; ended: Promise<Copied> };

export function startCopy({ child: bundle, folder }: Pick<CopyStage, "child" | "folder">, job: CopyJob): Started {
  const began = performance.now();
  const child = spawn(process.execPath, [bundle], { env: bare(folder), stdio: ["pipe", "pipe", "pipe", "ipc"] });
  child.stdin?.end(JSON.stringify(job));
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new TypeError("a child without pipes");
  const finish = async (): Promise<Copied> => {
    const [said, wrong, code] = await Promise.all([text(stdout), text(stderr), ended(child)]);
    const seconds = (performance.now() - began) / 1000;
    if (code !== 0) throw new Error(`${job.verb} ended with ${code}: ${wrong.trim().split("\n").slice(-12).join("\n")}`);
    return { report: JSON.parse(said) as CopyReport, whole: { seconds } };
  };
  const finished = finish();
  return { ready: Promise.race([once(child, "message"), finished]), go: () => child.send("go"), ended: finished };
}
