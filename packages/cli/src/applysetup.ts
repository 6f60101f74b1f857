import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Setup, SetupStep } from "@holdfast/core";
import type { Ports } from "./command.ts";
import { confirm } from "./confirm.ts";
import { type Ended, type RunProgram, requirePrograms } from "./runprogram.ts";
import { SetupStopped } from "./setuperrors.ts";
import { filled, line } from "./shell.ts";
import { counted } from "./wording.ts";

export type Applied = { why: string; command: string; state: "done" | "stood" };
type Values = Record<string, string>;
type Applying = { run: RunProgram; folder: string; values: Values; yes: boolean | undefined; ports: Ports };

/**
 * Runs the steps one by one, each shown before it runs, and asks before it begins and before each that cannot be taken back. Throws
 * {@link ProgramMissing}, {@link SetupStopped} at the first that fails, `Declined`.
 */
export async function applySetup(setup: Setup, yes: boolean | undefined, ports: Ports, run: RunProgram): Promise<Applied[]> {
  const programs = [...new Set(setup.steps.map(({ command }) => command[0] ?? ""))].sort();
  await requirePrograms(programs, ports.world.env);
  await confirm(
    `Run ${counted(setup.steps.length, "step")} as whoever ${programs.join(" and ")} ${programs.length === 1 ? "is" : "are"} logged in as?`,
    yes,
    ports.world,
  );
  const folder = await mkdtemp(path.join(tmpdir(), "holdfast-setup-"));
  try {
    for (const { name, text } of setup.files) await writeFile(path.join(folder, name), text);
    const applied: Applied[] = [];
    const applying = { run, folder, values: {}, yes, ports };
    for (const [i, step] of setup.steps.entries()) applied.push(await apply(step, `${i + 1} of ${setup.steps.length}`, applying));
    return applied;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function apply(step: SetupStep, which: string, applying: Applying): Promise<Applied> {
  const { run, folder, values, yes, ports } = applying;
  const { out, world } = ports;
  const { why, lasting, keep } = step;
  world.signal.throwIfAborted();
  const command = filled(step.command, values);
  out.note(`[${which}] ${why}`);
  if (step.unless && (await stands(filled(step.unless, values), applying))) {
    out.note("  it stands already");
    return { why, command: line(command), state: "stood" };
  }
  out.note(`  $ ${line(command)}`);
  if (lasting) await confirm("This cannot be taken back. Do it?", yes, world);
  const ended = await run(command, folder, world);
  if (ended.code !== 0) throw stopped(which, command, ended);
  if (keep) values[keep] = keptFrom(which, command, ended);
  else if (ended.said.trim() !== "") out.note(`  ${ended.said.trim().replaceAll("\n", "\n  ")}`);
  return { why, command: line(command), state: "done" };
}

/** What is not there makes such a command fail, and so does a right to look that is missing: then the step itself says what is wrong. */
async function stands(command: readonly string[], { run, folder, ports }: Applying): Promise<boolean> {
  const { code, said } = await run(command, folder, ports.world);
  return code === 0 && said.trim() !== "";
}

function keptFrom(which: string, command: readonly string[], { said }: Ended): string {
  const value = said.trim();
  if (value !== "" && value !== "None" && !value.includes("\n")) return value;
  throw new SetupStopped(
    `step ${which} answered with ${value === "" || value === "None" ? "nothing" : "more than one line"}: ${line(command)}`,
    again,
  );
}

/** The last lines of what a program says are why it failed. */
const linesTold = 12;
function stopped(which: string, command: readonly string[], { code, said, told }: Ended): SetupStopped {
  const lines = (told.trim() || said.trim()).split("\n").slice(-linesTold);
  return new SetupStopped(`step ${which} ended with ${code}: ${line(command)}\n${lines.join("\n")}\n`, again);
}
const again = "Correct what it says, then run the same again: steps that were done are found, or change nothing a second time.";
