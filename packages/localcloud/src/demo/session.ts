import { writeFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { Interrupted } from "@holdfast/cli/src/errors.ts";
import type { Output } from "@holdfast/cli/src/output.ts";
import type { World } from "@holdfast/cli/src/world.ts";
import { told } from "@holdfast/core";
import { claim } from "./claim.ts";
import { AlreadyRunning } from "./errors.ts";
import { type Folder, freshFolder, shown } from "./folder.ts";
import { keepLogs } from "./logs.ts";
import { openStage, type Stage, type Stop } from "./stage.ts";
import { openSteps, type Steps } from "./steps.ts";

export type Session = {
  folder: Folder;
  steps: Steps;
  world: World;
  out: Output;
  open(options: { rows: number; schedule: string }): Promise<Stage>;
  /** Stopped at the end, with all the rest. */
  stopping: Stop[];
};

/**
 * Runs `work` with the clone's folder for itself. However it ends, all that it opened is stopped before this answers with an exit code: 0
 * when `work` ended well, 130 (or the like) when somebody ended it, 1 when it failed; then the logs are kept.
 */
export async function session(what: string, world: World, out: Output, work: (session: Session) => Promise<void>): Promise<number> {
  const stopping: Stop[] = [];
  let stage: Stage | undefined;
  let folder: Folder | undefined;
  let failure: unknown;
  let release = () => {};
  try {
    release = await claim(world.root, what);
    const own = freshFolder(world.root);
    folder = own;
    const steps = openSteps(out, { width: world.stdout.columns });
    const open: Session["open"] = async (options) => {
      stage = await openStage({ ...options, folder: own, steps, world }, stopping);
      return stage;
    };
    await work({ folder, steps, world, out, open, stopping });
  } catch (error) {
    failure = error ?? new Error("unknown");
    if (folder && stage && !world.signal.aborted) await keepLogs(folder.logs, stage.cloud).catch(() => {});
  }
  const left = await stopAll(stopping, out);
  release();
  if (failure === undefined) return tellStops(left, out);
  return tellFailure(what, failure, world.signal, folder, out) + tellStops(left, out);
}

/** Stops all that was opened, at once. Answers with what could not be stopped. */
async function stopAll(stopping: readonly Stop[], out: Output): Promise<unknown[]> {
  if (stopping.length > 0) out.live("stopping …");
  const ended = await Promise.allSettled(stopping.map((stop) => stop()));
  out.settle();
  return ended.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
}

function tellStops(left: readonly unknown[], out: Output): number {
  for (const error of left) out.line(told(error));
  return left.length > 0 ? 1 : 0;
}

function tellFailure(what: string, error: unknown, signal: AbortSignal, folder: Folder | undefined, out: Output): number {
  if (signal.aborted) {
    out.line("Stopped on request; nothing is left running.");
    return signal.reason instanceof Interrupted ? signal.reason.code : 1;
  }
  out.line();
  out.line(`${error instanceof AlreadyRunning ? "Not started" : `${capital(what)} failed`}: ${told(error)}`);
  if (folder) {
    writeFileSync(path.join(folder.logs, "failure.txt"), `${inspect(error, { depth: 6 })}\n`);
    out.line(`Everything is stopped. The logs are in ${shown(folder, folder.logs)}.`);
  }
  return 1;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
