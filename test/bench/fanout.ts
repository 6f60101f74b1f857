import { beginFanOut, type Destination, type FanOut, finishFanOut, lambdaFits, type Relayed, signedOf } from "@holdfast/core";
import { openBucket } from "./bucket.ts";
import type { Bucket, CopyJob } from "./copyjob.ts";
import type { CopyStage, Filled } from "./copystage.ts";
import { mebibyte, mib, type Row, rate, type Section, times } from "./row.ts";
import { startCopy } from "./workers.ts";

const fleets = [1, 2, 4, 8];
/** As many ranges as the most workers, so that each has as much to do. */
const ranges = 8;
/** MiB a second of one worker that is held back: little enough that eight of them and two servers leave a small machine idle. */
const pace = 4;

/** What a fan-out of one artifact is of: the same with more and more processes, each at its ranges, one after the other. */
export async function fanOuts(stage: CopyStage, large: Filled, small: Filled): Promise<Section> {
  const rows: Row[] = [];
  const numbers: Record<string, unknown> = {};
  for (const [what, filled, at] of [
    ["as fast as this machine goes", large, undefined],
    [`each held to ${pace} MiB/s, as by a network`, small, pace],
  ] as const) {
    const seconds: number[] = [];
    for (const workers of fleets) {
      const ran = await stage.intoNew((to) => fanOut(stage, filled, to, workers, at));
      seconds.push(ran.seconds);
      rows.push(rowOf(what, workers, ran, filled, seconds[0] ?? Number.NaN));
    }
    numbers[at === undefined ? "free" : "paced"] = { bytes: filled.artifact.bytes, workers: fleets, seconds };
  }
  return { rows, numbers };
}

type Ran = { seconds: number; peak: number; proof: string };
function rowOf(what: string, workers: number, { seconds, peak, proof }: Ran, { artifact: { bytes } }: Filled, alone: number): Row {
  const first = workers === fleets[0];
  return {
    what: first ? `fan-out of ${mib(bytes)}, ${what}: 1 worker` : `  ${workers} workers`,
    measured: `${rate(bytes, seconds)}, ${times(alone / seconds)}`,
    beside: first ? proof : `${mib(peak)} RSS at most`,
  };
}

/** From the moment when all workers may begin until the object is made and proven. */
async function fanOut(stage: CopyStage, filled: Filled, bucket: Bucket, workers: number, at: number | undefined): Promise<Ran> {
  const to: Destination = { ...(await openBucket(bucket)), name: bucket.bucket, fits: lambdaFits("copy") };
  const sourced = { source: filled.artifact, signed: signedOf(filled.signed) };
  const job = await beginFanOut(sourced, to, Math.ceil(filled.artifact.bytes / ranges / mebibyte) * mebibyte);
  const started = shares(job, workers).map((share) =>
    startCopy(stage, { verb: "relay", from: filled.bucket, to: bucket, fanOut: job, ranges: share, pace: at } satisfies CopyJob),
  );
  await Promise.all(started.map(({ ready }) => ready));
  const began = performance.now();
  for (const { go } of started) go();
  const done = await Promise.all(started.map(({ ended }) => ended));
  const relayed: Relayed[] = done.flatMap(({ report }) => report.relayed);
  const proof = await finishFanOut(job, relayed, to, { now: () => new Date(), signal: new AbortController().signal, progress: () => {} });
  return { seconds: (performance.now() - began) / 1000, peak: Math.max(...done.map(({ report }) => report.peak)), proof };
}

/** Ranges in turn, as workers would take them from a queue if all were as fast. */
const shares = ({ ranges: all }: FanOut, workers: number) =>
  Array.from({ length: workers }, (_, worker) => all.filter((_, i) => i % workers === worker));
