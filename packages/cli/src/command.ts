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

/** Of commands that read backups: where from, and by what login. */
export const reading = (command: Command): Command =>
  command
    .option("--from <store>", "read the copy in one of the plan's stores; AWS is asked for nothing that you bring")
    .addOption(new Option("--credentials <file>", "that store's login as its secret would hold it, when AWS is gone"));
/** Of commands that believe backups: whose signatures. */
export const trusting = (command: Command): Command =>
  command
    .option("--trust <file>", "a public signing key in PEM that you kept; may stand several times", gathered)
    .option(
      "--trust-key <id>",
      "the id or SHA-256 of a signing key that you wrote down: the store's own file of it is believed",
      fingerprint,
    );
export const opening = (command: Command): Command => command.option("--offline-key <file>", "decrypt with an offline key instead of KMS");
/** Of commands that do a function's work on this machine. */
export const withLayers = (command: Command): Command =>
  command.option("--layers <folder>", "where the programs are that a kind needs, as postgres/17/bin; without it .local/layers");

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

function fingerprint(text: string, before: readonly string[] | undefined): string[] {
  const id = text.replaceAll(":", "").toLowerCase();
  if (!/^[0-9a-f]{16,64}$/.test(id)) throw new InvalidArgumentError("A key's id has 16 hexadecimal digits, its SHA-256 has 64.");
  return [...(before ?? []), id];
}
