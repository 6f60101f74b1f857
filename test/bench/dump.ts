import { rm } from "node:fs/promises";
import path from "node:path";
import type { Options } from "./options.ts";
import { median, type Row, rate, type Section, times, timesAsFast } from "./row.ts";
import { type Ran, run } from "./run.ts";
import { newSlot, type Stage } from "./stage.ts";
import type { Stock, Timed } from "./stock.ts";

/** At least so many times the speed of the pipelines that people type. */
const budgets = { age: 0.9, gpg: 3 };
type Seconds = Record<"folder" | "s3" | "alone" | "age" | "gpg", number[]>;
type Series = keyof Seconds;
const none = (): Seconds => ({ folder: [], s3: [], alone: [], age: [], gpg: [] });
export type Kept = { made: Ran; slot: string };

/** Our pipeline and the stock ones in turn, on the same database. The last backup in the folder stays, for what reads it. */
export async function dumps(stage: Stage, stock: Stock, { rounds }: Options): Promise<Section & { kept: Kept; runs: Ran[] }> {
  const spent = { seconds: none(), cpu: none() };
  const note = (series: Series, seconds: number, cpu: number) => {
    spent.seconds[series].push(seconds);
    spent.cpu[series].push(cpu);
  };
  const stocked = async (series: "alone" | "age" | "gpg", make: () => Promise<Timed>) => {
    const { seconds, cpu } = await make();
    note(series, seconds, cpu);
  };
  const runs: Ran[] = [];
  const ours = async (where: "folder" | "s3"): Promise<Kept> => {
    const slot = newSlot();
    const made = await run(stage, { verb: "backup", place: stage.places[where], source: stage.databases.timed, slot });
    note(where, made.seconds, made.cpu + made.childrenCpu);
    runs.push(made);
    return { made, slot };
  };
  await stock.dumpAlone(); // brings the database into the system's cache
  let kept: Kept | undefined;
  for (let round = 0; round < rounds; round++) {
    await rm(path.join(stage.places.folder.folder, "backups"), { recursive: true, force: true });
    kept = await ours("folder");
    await stocked("age", stock.age);
    await ours("s3");
    if (stock.gpg) await stocked("gpg", stock.gpg);
    await stocked("alone", stock.dumpAlone);
  }
  if (!kept) throw new Error("no round was asked for");
  const { plainBytes, storedBytes } = kept.made;
  return { kept, runs, rows: rowsOf(spent, plainBytes), numbers: { ...spent, plainBytes, storedBytes } };
}

function rowsOf({ seconds, cpu }: { seconds: Seconds; cpu: Seconds }, bytes: number): Row[] {
  const hasGpg = seconds.gpg.length > 0;
  const speed = (series: Series) => rate(bytes, median(seconds[series]));
  const against = (what: string, ours: "folder" | "s3", theirs: "age" | "gpg", least?: number): Row => {
    const ratio = timesAsFast(seconds[ours], seconds[theirs]);
    const row = { what, measured: `${speed(ours)}, ${times(ratio)}`, beside: `${stockNames[theirs]}: ${speed(theirs)}` };
    return least === undefined ? row : { ...row, budget: `≥ ${least} ×`, ok: ratio >= least };
  };
  return [
    against("dump, to a folder", "folder", "age", budgets.age),
    hasGpg
      ? against("dump, to a folder", "folder", "gpg", budgets.gpg)
      : { what: "dump, to a folder", measured: "not compared", beside: "gpg is not on the PATH", budget: `≥ ${budgets.gpg} ×` },
    against("dump, to S3 (SeaweedFS)", "s3", "age"),
    {
      what: "  seconds of CPU, a dump to a folder",
      measured: secondsOf(cpu.folder),
      beside: `age's ${secondsOf(cpu.age)}${hasGpg ? `, gpg's ${secondsOf(cpu.gpg)}` : ""}`,
    },
    { what: "pg_dump -Fc -Z0 alone", measured: `${speed("alone")}, ${secondsOf(cpu.alone)} of CPU` },
  ];
}
const secondsOf = (values: readonly number[]) => `${median(values).toFixed(1)} s`;
const stockNames = { age: "pg_dump -Fc -Z0 | zstd -1 | age", gpg: "pg_dump | gzip | gpg -c" };
