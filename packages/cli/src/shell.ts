import type { Setup, SetupStep } from "@holdfast/core";

const kept = /\$\{([A-Z_]+)\}/g;
const plain = /^[\w./:=@,+-]+$/;

/** One argument as a POSIX shell reads it back; `${NAME}` stays a variable of the shell, and nothing else is one. */
export function quoted(argument: string): string {
  if (plain.test(argument)) return argument;
  if (argument.search(kept) < 0) return `'${argument.replaceAll("'", `'\\''`)}'`;
  return `"${argument.replace(/[\\"`]|\$(?!\{[A-Z_]+\})/g, (each) => `\\${each}`)}"`;
}
export const line = (command: readonly string[]): string => command.map(quoted).join(" ");

/** With what earlier steps kept in its place. */
export const filled = (command: readonly string[], values: Readonly<Record<string, string>>): string[] =>
  command.map((argument) => argument.replace(kept, (whole, name: string) => values[name] ?? whole));

/** A script that can be run as it is. `inline`: its files are in it, else they lie beside it. */
export function scriptOf(title: string, { files, steps, notes }: Setup, inline: boolean): string {
  const written = files.flatMap(({ name, text }) => [`cat > ${quoted(name)} <<'HOLDFAST'`, text.trimEnd(), "HOLDFAST", ""]);
  return [
    "#!/bin/sh",
    comment(title),
    ...notes.map((note) => comment(`- ${note}`)),
    "set -eu",
    ...(inline ? [] : [`cd "$(dirname "$0")"`]),
    "",
    ...(inline ? written : []),
    ...steps.flatMap((step) => [...scripted(step), ""]),
  ].join("\n");
}

function scripted({ why, command, unless, keep, lasting }: SetupStep): string[] {
  const done = unless ? `[ -n "$(${line(unless)} 2>/dev/null || true)" ] || ` : "";
  return [comment(lasting ? `${why}. This cannot be taken back` : why), keep ? `${keep}=$(${line(command)})` : `${done}${line(command)}`];
}
/** A line end in what it says would end the comment. */
const comment = (text: string): string => `# ${text.replaceAll(/\s+/g, " ")}`;
