import { InvalidArgumentError, Option, type Command } from "commander";
import { output, type Output } from "./output.ts";
import { openPlace, type Place, type PlaceOptions } from "./place.ts";
import type { World } from "./world.ts";

/** 0 done and good · 1 not good, or an error · 2 the command line is wrong · 3 could not look · 130 and 143 interrupted. */
export type ExitCode = number;

export type Common = PlaceOptions & { json?: boolean; debug?: boolean };
/** What a command's work gets; tests make one of their own. */
export type Ports = { place: Place; out: Output; world: World };

/** The options that every command with a place has. */
export const placed = (command: Command): Command =>
  said(
    command
      .addOption(new Option("--local", "act on the cloud that runs on this machine (`npm run local`)").conflicts(["stage", "plan"]))
      .addOption(new Option("--stage <name>", "which deployment, as in `sst deploy --stage`").env("HOLDFAST_STAGE"))
      .addOption(new Option("--plan <file>", "another plan than holdfast.config.ts").env("HOLDFAST_PLAN")),
  );
export const said = (command: Command): Command =>
  command.option("--json", "print the result as JSON, and nothing else on stdout").option("--debug", "print where an error comes from");

export const outputOf = (world: World): Output =>
  output(world.stdout, world.stderr, { now: () => world.clock.now(), color: !world.env.NO_COLOR && world.env.TERM !== "dumb" });

export async function portsOf(options: Common, world: World): Promise<Ports> {
  return { place: await openPlace(options, world), out: outputOf(world), world };
}

/** What an action of commander hands to the program: its exit code. */
export type Finish = (code: ExitCode) => void;

/** `SOURCE/SLOT`, as backups are written everywhere. */
export function backupArgument(text: string): { source: string; slot: string } {
  const [, source, slot] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (!source || !slot)
    throw new InvalidArgumentError("A backup is written SOURCE/SLOT, as `holdfast list` shows it: shop/20261121T020000Z.");
  return { source, slot };
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}
export const gathered = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];
