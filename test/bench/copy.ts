import { installRclone } from "../../scripts/rclone.mjs";
import type { Bucket, CopyJob, CopyReport } from "./copyjob.ts";
import type { CopyStage, Filled } from "./copystage.ts";
import type { Options } from "./options.ts";
import { flags, rcloneCopy } from "./rclone.ts";
import { median, mebibyte, mib, type Row, rate, type Section, times } from "./row.ts";
import { startCopy } from "./workers.ts";

/** At least as fast as the tool that people take for this. */
const leastTimes = 1;
/** Of the Node process alone. */
const memoryBudget = 256 * mebibyte;
type Run = { seconds: number; cpu: number };
type Runs = { ours: (Run & CopyReport)[]; rclone: Run[] };

/** One artifact from one store to another, by us and by rclone in turn, each time into an empty bucket; who begins changes with every round. */
export async function copies(stage: CopyStage, filled: Filled, { rounds }: Options): Promise<Section> {
  const program = await installRclone();
  const runs: Runs = { ours: [], rclone: [] };
  const ours = () => stage.intoNew(async (to) => runs.ours.push(await copyOnce(stage, filled, to)));
  const theirs = () =>
    stage.intoNew(async (to) => runs.rclone.push(await rcloneCopy(program, filled.artifact.key, filled.bucket, to, stage.folder)));
  // What is read first comes from the disk.
  await theirs();
  runs.rclone.pop();
  for (let round = 0; round < rounds; round++) for (const run of round % 2 === 0 ? [ours, theirs] : [theirs, ours]) await run();
  return { rows: rowsOf(runs, filled.artifact.bytes), numbers: { bytes: filled.artifact.bytes, ...runs } };
}

async function copyOnce(stage: CopyStage, { bucket, source, slot, trusted }: Filled, to: Bucket): Promise<Run & CopyReport> {
  const job: CopyJob = { verb: "copy", from: bucket, to, source, slot, trusted };
  const { report, whole } = await startCopy(stage, job).ended;
  return { ...report, ...whole };
}

function rowsOf({ ours, rclone }: Runs, bytes: number): Row[] {
  const of = (runs: readonly Run[], what: keyof Run) => median(runs.map((run) => run[what]));
  const ratio = of(rclone, "seconds") / of(ours, "seconds");
  const peak = Math.max(...ours.map((run) => run.peak));
  return [
    {
      what: `copy of ${mib(bytes)}, S3 to S3 (SeaweedFS twice)`,
      measured: `${rate(bytes, of(ours, "seconds"))}, ${times(ratio)}`,
      beside: `rclone copyto ${flags.join(" ")}: ${rate(bytes, of(rclone, "seconds"))}`,
      budget: `≥ ${times(leastTimes)}`,
      ok: ratio >= leastTimes,
    },
    {
      what: "  seconds of CPU",
      measured: `${of(ours, "cpu").toFixed(1)} s`,
      beside: `rclone's ${of(rclone, "cpu").toFixed(1)} s`,
    },
    { what: "  proven by", measured: ours[0]?.proof ?? "" },
    { what: `memory, copy of ${mib(bytes)}`, measured: `${mib(peak)} RSS`, budget: `≤ ${mib(memoryBudget)}`, ok: peak <= memoryBudget },
  ];
}
