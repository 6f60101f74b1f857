import { HoldfastError, told, version } from "@holdfast/core";
import { Command, CommanderError } from "commander";
import { type ExitCode, type Finish, outputOf } from "./command.ts";
import { acceptCommand } from "./commands/accept.ts";
import { backupCommand } from "./commands/backup.ts";
import { drillCommand } from "./commands/drill.ts";
import { fetchCommand } from "./commands/fetch.ts";
import { keygenCommand } from "./commands/keygen.ts";
import { listCommand } from "./commands/list.ts";
import { pruneCommand } from "./commands/prune.ts";
import { restoreCommand } from "./commands/restore.ts";
import { statusCommand } from "./commands/status.ts";
import { storesCommand } from "./commands/stores.ts";
import { verifyCommand } from "./commands/verify.ts";
import { Interrupted, UsageWrong } from "./errors.ts";
import { json } from "./output.ts";
import type { World } from "./world.ts";

const exits = `
Exit code:
  0  done, and what was asked about is good
  1  it is not good, or something went wrong
  2  the command line is wrong
  3  status only: could not look

Results go to stdout, everything about the way there to stderr.`;

/** Runs one command line (without node and script) and answers with its exit code. Everything that goes wrong is told here, once. */
export async function run(args: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = programOf(world, (given) => {
    code = given;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return report(world.signal.aborted ? world.signal.reason : error, args, world);
  }
}

function programOf(world: World, finish: Finish): Command {
  const program = new Command("holdfast")
    .description("Backups that prove themselves: list, make, verify, restore and fetch them, in AWS or on this machine.")
    .version(version)
    // What stands behind a command's name is that command's, also where it is below another.
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText("after", exits);
  for (const command of [
    listCommand,
    statusCommand,
    backupCommand,
    verifyCommand,
    restoreCommand,
    drillCommand,
    fetchCommand,
    acceptCommand,
    pruneCommand,
    storesCommand,
    keygenCommand,
  ])
    program.addCommand(command(world, finish));
  for (const each of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    each
      .exitOverride()
      .configureOutput({ writeOut: (text) => world.stdout.write(text), writeErr: (text) => world.stderr.write(text) })
      .showHelpAfterError(`(holdfast ${each === program ? "" : `${each.name()} `}--help says more)`);
  return program;
}

function report(error: unknown, args: readonly string[], world: World): ExitCode {
  const out = outputOf(world);
  if (error instanceof Interrupted) {
    out.note("interrupted");
    return error.code;
  }
  if (args.includes("--json") && error instanceof HoldfastError)
    json({ error: { name: error.name, message: error.message, hint: error.hint } }, out);
  out.note(`holdfast: ${told(error)}`);
  if (args.includes("--debug")) out.note(traced(error));
  else if (!(error instanceof HoldfastError)) out.note("This was not foreseen; --debug prints where it comes from.");
  return error instanceof UsageWrong ? 2 : 1;
}

/** Stacks and names of the causes. Messages of servers may quote what they were sent, so they are shown to whoever asks for them alone. */
function traced(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${traced(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
