import os from "node:os";
import { copies } from "./copy.ts";
import { onCopyStage } from "./copystage.ts";
import { dumps } from "./dump.ts";
import { fanOuts } from "./fanout.ts";
import { functions } from "./functions.ts";
import { memory } from "./memory.ts";
import type { Options } from "./options.ts";
import type { Section } from "./row.ts";
import { onStage, type Stage } from "./stage.ts";
import { stock } from "./stock.ts";
import { table } from "./table.ts";
import { vaults } from "./vault.ts";
import { reads } from "./verify.ts";

const largeMebibytes = 2048;
/** What one worker that is held back copies in a quarter of a minute. */
const pacedMebibytes = 64;
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Measures all, prints it, and says whether something did not run. */
export async function bench(options: Options): Promise<{ failed: boolean }> {
  const before = os.loadavg();
  const sections = [...(await onServices(options)), ...(await onTwoStores(options)), await attempt("functions", functions)];
  const rows = sections.flatMap((section) => section.rows);
  const machine = {
    cpu: os.cpus()[0]?.model ?? "unknown",
    cores: os.availableParallelism(),
    node: process.version,
    load: { before, after: os.loadavg() },
  };
  const numbers = sections.map((section) => section.numbers);
  process.stdout.write(
    options.json ? `${JSON.stringify({ options, machine, rows, numbers }, undefined, 1)}\n` : `${table(rows)}\n\n${told(machine)}\n`,
  );
  return { failed: rows.some(({ failed }) => failed) };
}

type Machine = { cpu: string; cores: number; node: string; load: { before: number[]; after: number[] } };
const told = ({ cpu, cores, node, load }: Machine) =>
  `${cpu}, ${cores} cores, Node ${node}, load ${load.before[0]?.toFixed(1)} before and ${load.after[0]?.toFixed(1)} after. docs/benchmarks.md says what each line means.`;

/** What fails is a row too, and the rest is still measured. */
async function attempt<T extends Section>(what: string, measure: () => Promise<T>): Promise<T | Section> {
  say(`measuring ${what} …`);
  try {
    return await measure();
  } catch (error) {
    say(error instanceof Error ? String(error.stack) : String(error));
    return { rows: [{ what, measured: "did not run: see above", failed: true }], numbers: {} };
  }
}

async function onServices(options: Options): Promise<Section[]> {
  const large = options.full ? largeMebibytes : options.size;
  say(`starting PostgreSQL and SeaweedFS, filling ${[...new Set([options.size, large])].join(" and ")} MiB …`);
  const sections: Section[] = [];
  const staged = await attempt("services", () =>
    onStage(options.size, large, async (stage) => {
      await measure(stage, options, sections);
      return { rows: [], numbers: {} };
    }),
  );
  return [...sections, staged];
}

/** Copies have the machine to themselves and two stores. */
async function onTwoStores(options: Options): Promise<Section[]> {
  const sections: Section[] = [];
  const staged = await attempt("copies", () =>
    onCopyStage(async (stage) => {
      const large = await stage.fill(options.copied);
      sections.push(await attempt("a copy", () => copies(stage, large, options)));
      const small = await stage.fill(pacedMebibytes);
      sections.push(await attempt("fan-outs", () => fanOuts(stage, large, small)));
      return { rows: [], numbers: {} };
    }),
  );
  return [...sections, staged];
}

async function measure(stage: Stage, options: Options, sections: Section[]): Promise<void> {
  const stocked = await stock(stage);
  try {
    const dumped = await attempt("dumps", () => dumps(stage, stocked, options));
    sections.push(dumped);
    if (!("kept" in dumped)) return;
    const read = await attempt("reads", () => reads(stage, stocked, dumped.kept, options));
    sections.push(read);
    const before = { backups: dumped.runs, verifies: "runs" in read ? read.runs : [] };
    sections.push(await attempt("memory", () => memory(stage, before)));
    sections.push(await attempt("vaults", () => vaults(stage, options)));
  } finally {
    await stocked.end();
  }
}
