import { rm } from "node:fs/promises";
import path from "node:path";
import type { Options } from "./options.ts";
import { median, type Row, rate, type Section, times, timesAsFast } from "./row.ts";
import { type Ran, run } from "./run.ts";
import { newSlot, type Stage } from "./stage.ts";
import type { Stock } from "./stock.ts";

/** At least so many times the speed of the pipelines that people type. */
const budgets = { age: 0.9, gpg: 3 };
type Seconds = Record<"folder" | "s3" | "alone" | "age" | "gpg", number[]>;
export type Kept = { made: Ran; slot: string };

/** Our pipeline and the stock ones in turn, on the same database. The last backup in the folder stays, for what reads it. */
export async function dumps(stage: Stage, stock: Stock, { rounds }: Options): Promise<Section & { kept: Kept; runs: Ran[] }> {
  const seconds: Seconds = { folder: [], s3: [], alone: [], age: [], gpg: [] };
  const runs: Ran[] = [];
  const ours = async (where: "folder" | "s3"): Promise<Kept> => {
    const slot = newSlot();
    const made = await run(stage, { verb: "backup", place: stage.places[where], database: stage.databases.timed, slot });
    seconds[where].push(made.seconds);
    runs.push(made);
    return { made, slot };
  };
  await stock.dumpAlone(); // brings the database into the system's cache
  let kept = await ours("folder"); // and our own code, which the second round would else find there
  seconds.folder.length = 0;
  for (let round = 0; round < rounds; round++) {
    await rm(path.join(stage.places.folder.folder, "backups"), { recursive: true });
    kept = await ours("folder");
    seconds.age.push((await stock.age()).seconds);
    await ours("s3");
    if (stock.gpg) seconds.gpg.push((await stock.gpg()).seconds);
    seconds.alone.push((await stock.dumpAlone()).seconds);
  }
  const { plainBytes, storedBytes } = kept.made;
  return { kept, runs, rows: rowsOf(seconds, plainBytes, stock.gpg !== undefined), numbers: { seconds, plainBytes, storedBytes } };
}

function rowsOf(seconds: Seconds, bytes: number, hasGpg: boolean): Row[] {
  const speed = (series: keyof Seconds) => rate(bytes, median(seconds[series]));
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
    { what: "pg_dump -Fc -Z0 alone", measured: speed("alone") },
  ];
}
const stockNames = { age: "pg_dump -Fc -Z0 | zstd -1 | age", gpg: "pg_dump | gzip | gpg -c" };
