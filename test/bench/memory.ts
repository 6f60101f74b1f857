import { mib, mebibyte, type Row, type Section } from "./row.ts";
import { type Ran, run } from "./run.ts";
import { newSlot, type Stage } from "./stage.ts";

/** Of the Node process alone. */
const budget = 256 * mebibyte;

/** Peaks of backup and verify through S3, as functions do it, and the worst of the runs that were timed. */
export async function memory(stage: Stage, before: { backups: Ran[]; verifies: Ran[] }): Promise<Section> {
  const asked = { place: stage.places.s3, source: stage.databases.large, slot: newSlot() };
  const made = await run(stage, { ...asked, verb: "backup" });
  const verified = await run(stage, { ...asked, verb: "verify", trusted: made.trusted });
  const of = `of a dump of ${mib(made.plainBytes)}`;
  return {
    rows: [row(`memory, backup to S3 ${of}`, made), row(`memory, verify from S3 ${of}`, verified), ...worst(before)],
    numbers: { plainBytes: made.plainBytes, backup: peaksOf(made), verify: peaksOf(verified) },
  };
}

const worst = ({ backups, verifies }: { backups: Ran[]; verifies: Ran[] }): Row[] => [
  ...rowOfWorst("memory, worst backup of those timed", backups),
  ...rowOfWorst("memory, worst verify of those timed", verifies),
];

function rowOfWorst(what: string, runs: readonly Ran[]): Row[] {
  const [most] = runs.toSorted((a, b) => b.peak - a.peak);
  return most ? [row(what, most)] : [];
}

const row = (what: string, { peak, children }: Ran): Row => ({
  what,
  measured: `${mib(peak)} RSS`,
  beside: Object.entries(children)
    .map(([name, bytes]) => `${name} ${mib(bytes)}`)
    .join(", "),
  budget: `≤ ${mib(budget)}`,
  ok: peak <= budget,
});

const peaksOf = ({ peak, children }: Ran) => ({ peak, children });
