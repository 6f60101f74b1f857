import path from "node:path";
import { generateIdentity } from "@holdfast/age";
import { once } from "@holdfast/core";
import { Command } from "commander";
import { type ExitCode, type Finish, outputOf, said } from "../command.ts";
import { json, type Output } from "../output.ts";
import { save } from "../save.ts";
import type { World } from "../world.ts";

export type KeygenOptions = { out: string; json?: boolean };
const defaultFile = "holdfast-offline.key";

export const keygenCommand = (world: World, finish: Finish): Command =>
  said(
    new Command("keygen")
      .summary("make an offline key that opens backups without AWS")
      .description(
        "Makes an age X25519 key. The public half goes into the plan's offlineKeys; the private half goes to a safe place, and never to a server.",
      )
      .option("--out <file>", "where the private half is written; - for stdout", defaultFile),
  )
    .addHelpText("after", "\nExample:\n  holdfast keygen --out offline.key\n")
    .action(async (options: KeygenOptions) => finish(await keygen(options, world, outputOf(world))));

/** The private half is written to a file that only its owner may read, and shown nowhere unless stdout was named. */
export async function keygen({ out: to, json: asJson }: KeygenOptions, world: World, out: Output): Promise<ExitCode> {
  const { identity, recipient } = await generateIdentity();
  const text = `# created: ${world.clock.now().toISOString().slice(0, 19)}Z\n# public key: ${recipient}\n${identity}\n`;
  if (to === "-") {
    world.stdout.write(text);
    out.note(`public key: ${recipient}`);
  } else {
    const file = path.resolve(world.cwd, to);
    await save(file, once(Buffer.from(text)), {
      force: false,
      hint: "A key is never replaced: the backups made for it would be lost. Name another file with --out.",
    });
    if (asJson) json({ recipient, file }, out);
    else out.line(recipient);
    out.note(`The public half, ${recipient}, goes under offlineKeys in holdfast.config.ts.`);
    out.note(`The private half is in ${file}, which only you may read.`);
  }
  for (const line of advice(to === "-" ? "FILE" : to, recipient)) out.note(line);
  return 0;
}

const advice = (file: string, recipient: string): string[] => [
  "Keep it offline, in two places that do not burn down together, and not on this machine. Whoever has it reads every backup made for it.",
  "Test what you keep, now and after the next backup:",
  `  echo works | age -r ${recipient} | age -d -i ${file}`,
  `  holdfast fetch SOURCE/latest --offline-key ${file}`,
];
