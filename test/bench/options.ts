import { parseArgs } from "node:util";

/** `size`: MiB of the dump and the snapshot that are timed. `copied`: of the artifact. `full`: memory is measured on a dump of 2 GiB, the others have 1 GiB. */
export type Options = { size: number; copied: number; rounds: number; full: boolean; json: boolean };

/** What the copy is promised by. */
const copiedMebibytes = 1024;

const usage = `npm run bench -- [--size MiB] [--rounds N] [--full] [--json]
  --size MiB   size of the dump and of the snapshot (512), and of the artifact that is copied (1024)
  --rounds N   runs of each pipeline, in turn (3)
  --full       prove the memory on a dump of 2048 MiB and a snapshot of 1024 MiB
  --json       print JSON instead of a table`;

/** A text is what to print instead of running. */
export function parseOptions(args: string[]): Options | { say: string; code: 0 | 2 } {
  try {
    const known = { size: { type: "string" }, rounds: { type: "string" } } as const;
    const flags = { full: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } } as const;
    const {
      size: given,
      rounds = "3",
      full = false,
      json = false,
      help = false,
    } = parseArgs({ args, options: { ...known, ...flags } }).values;
    if (help) return { say: usage, code: 0 };
    const size = given ?? "512";
    if (!/^\d{2,5}$/.test(size) || Number(size) < 16) throw new Error(`--size ${size}: a number of MiB, from 16 to 99999`);
    if (!/^[1-9]\d?$/.test(rounds)) throw new Error(`--rounds ${rounds}: a number from 1 to 99`);
    return { size: Number(size), copied: full ? copiedMebibytes : Number(given ?? copiedMebibytes), rounds: Number(rounds), full, json };
  } catch (error) {
    return { say: `${(error as Error).message}\n${usage}`, code: 2 };
  }
}
