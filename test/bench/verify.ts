import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Kept } from "./dump.ts";
import type { Options } from "./options.ts";
import { mebibyte, median, rate, type Section, times, timesAsFast } from "./row.ts";
import { isThere, type Ran, run, taskset } from "./run.ts";
import type { Stage } from "./stage.ts";
import type { Stock } from "./stock.ts";

/** MiB of plaintext a second on one core. */
const budget = 250;

/** Reading a backup: without pg_restore on one core, with stock tools, and as verify does it. */
export async function reads(stage: Stage, stock: Stock, kept: Kept, { rounds }: Options): Promise<Section & { runs: Ran[] }> {
  const seconds = { unseal: [] as number[], cpu: [] as number[], stock: [] as number[], verify: [] as number[] };
  const runs: Ran[] = [];
  const asked = { place: stage.places.folder, source: stage.databases.timed, slot: kept.slot, trusted: kept.made.trusted };
  const artifact = await largest(stage.places.folder.folder);
  for (let round = 0; round < rounds; round++) {
    const unsealed = await run(stage, { ...asked, verb: "unseal" }, { oneCore: true });
    seconds.unseal.push(unsealed.seconds);
    seconds.cpu.push(unsealed.cpu);
    seconds.stock.push((await stock.open(artifact)).seconds);
    const verified = await run(stage, { ...asked, verb: "verify" });
    seconds.verify.push(verified.seconds);
    runs.push(verified);
  }
  const bytes = kept.made.plainBytes;
  const speed = (series: keyof typeof seconds) => rate(bytes, median(seconds[series]));
  const fast = (series: "unseal" | "cpu") => bytes / mebibyte / median(seconds[series]) >= budget;
  const beside = `age -d | zstd -d, all cores: ${speed("stock")}`;
  const least = `≥ ${budget} MiB/s`;
  const cores = (await isThere(taskset)) ? "one core" : "all cores (no taskset here)";
  const rows = [
    { what: `verify without pg_restore, ${cores}`, measured: speed("unseal"), beside, budget: least, ok: fast("unseal") },
    {
      what: "  by its seconds of CPU",
      measured: speed("cpu"),
      beside: "what one core does when it is idle",
      budget: least,
      ok: fast("cpu"),
    },
    {
      what: "verify, whole",
      measured: speed("verify"),
      beside: `${times(timesAsFast(seconds.verify, seconds.stock))} of age -d | zstd -d`,
    },
  ];
  return { rows, runs, numbers: { seconds } };
}

async function largest(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const dump = entries.find(({ name }) => name.endsWith(".dump.zst.age"));
  if (!dump) throw new Error("there is no dump in the folder");
  return path.join(dump.parentPath, dump.name);
}
