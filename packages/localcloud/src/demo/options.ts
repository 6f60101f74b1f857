import { parseArgs } from "node:util";

/** About as many rows as the shop has, unless somebody asks for more or fewer. */
export const usualRows = 300_000;
export type Options = { rows: number; keep: boolean };

/** The command line of `npm run demo` and `npm run local`; a text is what to print instead of running. */
export function parseOptions(name: "demo" | "local", args: string[]): Options | { say: string; code: 0 | 2 } {
  try {
    const options = { rows: { type: "string" }, keep: { type: "boolean" }, help: { type: "boolean" } } as const;
    const { rows = String(usualRows), keep = false, help = false } = parseArgs({ args, options }).values;
    if (help) return { say: usage(name), code: 0 };
    if (!/^[1-9]\d{2,7}$/.test(rows)) throw new Error(`--rows ${rows}: a number from 100 to 99999999`);
    if (keep && name === "local") throw new Error("--keep: the local cloud stays anyway");
    return { rows: Number(rows), keep };
  } catch (error) {
    return { say: `${(error as Error).message}\n${usage(name)}`, code: 2 };
  }
}

const usage = (name: "demo" | "local"): string =>
  name === "demo"
    ? `npm run demo -- [--keep] [--rows N]\n  --keep    leave all of it running at the end, until Ctrl-C\n  --rows N  about so many rows in the shop's database (${usualRows})`
    : `npm run local -- [--rows N]\n  --rows N  about so many rows in the shop's database (${usualRows})`;
