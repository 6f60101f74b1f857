import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import { ProgramMissing } from "./setuperrors.ts";
import type { World } from "./world.ts";

export type Ended = { code: number; said: string; told: string };
/** Runs a program to its end, without input. `said`: its stdout, `told`: its stderr. Throws the signal's reason when that fires. */
export type RunProgram = (command: readonly string[], folder: string, world: Pick<World, "env" | "signal">) => Promise<Ended>;

export const runProgram: RunProgram = (command, folder, { env, signal }) =>
  new Promise((resolve, reject) => {
    const [program = "", ...rest] = command;
    const child = spawn(program, rest, { cwd: folder, env, signal, stdio: ["ignore", "pipe", "pipe"] });
    let [said, told] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    child.on("error", (error) => reject(signal.aborted ? signal.reason : error));
    child.on("close", (code) => resolve({ code: code ?? 1, said, told }));
  });

const where: Readonly<Record<string, string>> = {
  aws: "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
  gcloud: "https://docs.cloud.google.com/sdk/docs/install-sdk",
  npx: "https://docs.npmjs.com/downloading-and-installing-node-js-and-npm",
  az: "https://learn.microsoft.com/cli/azure/install-azure-cli",
};

/** Throws {@link ProgramMissing} with every one that PATH does not lead to. */
export async function requirePrograms(programs: readonly string[], env: World["env"]): Promise<void> {
  const missing: string[] = [];
  for (const program of programs) if (!(await isThere(program, env.PATH ?? ""))) missing.push(program);
  if (missing.length === 0) return;
  const places = missing.flatMap((program) => where[program] ?? []);
  throw new ProgramMissing(
    `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not on this machine's PATH`,
    `Install it: ${places.join(", ")}; or run without --apply, which prints the commands.`,
  );
}

async function isThere(program: string, paths: string): Promise<boolean> {
  for (const folder of paths.split(path.delimiter)) {
    const found = await access(path.join(folder, program), constants.X_OK).then(
      () => folder !== "",
      () => false,
    );
    if (found) return true;
  }
  return false;
}
