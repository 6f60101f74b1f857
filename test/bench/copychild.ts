/** A copy, or one worker of one, in a process of its own, as a function runs it. Bundled as functions are, then run. */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as passes } from "node:timers/promises";
import { type Bytes, type Context, copy, lambdaFits, relay, type Store } from "@holdfast/core";
import { signer } from "../kit/signer.ts";
import { openBucket } from "./bucket.ts";
import type { CopyJob, CopyReport } from "./copyjob.ts";
import { peakMemory } from "./peak.ts";
import { mebibyte } from "./row.ts";

const context: Context = { now: () => new Date(), signal: new AbortController().signal, progress: () => {} };
type Did = Pick<CopyReport, "proof" | "relayed">;

async function makeCopy(job: Extract<CopyJob, { verb: "copy" }>): Promise<Did> {
  const [from, to] = [await openBucket(job.from), await openBucket(job.to)];
  const fits = lambdaFits("copy");
  const ports = {
    from,
    to: { ...to, name: job.to.bucket, fits },
    kind: { verified: ["readable"] } as const,
    sign: signer(),
    trusted: job.trusted,
  };
  const done = await copy(job, ports, context);
  if (done.state !== "copied") throw new Error(`the copy is ${done.state}: ${JSON.stringify(done)}`);
  return { proof: done.proof, relayed: [] };
}

async function relayRanges(job: Extract<CopyJob, { verb: "relay" }>): Promise<Did> {
  const [from, to] = [await openBucket(job.from), await openBucket(job.to)];
  const paced = job.pace === undefined ? from : { ...from, read: pacing(from.read, job.pace) };
  process.send?.("ready");
  await once(process, "message");
  began = start();
  const destination = { ...to, name: job.to.bucket, fits: lambdaFits("copy") };
  const relayed = [];
  for (const range of job.ranges) relayed.push(await relay(job.fanOut, range, paced, destination, context));
  return { proof: "", relayed };
}

/** All that is read comes at one rate together. */
function pacing({ head, read }: Store["read"], pace: number): Store["read"] {
  let since: number | undefined;
  let bytes = 0;
  async function* slowly(chunks: Bytes): Bytes {
    since ??= performance.now();
    for await (const chunk of chunks) {
      bytes += chunk.length;
      const early = (bytes / mebibyte / pace) * 1000 - (performance.now() - since);
      if (early > 0) await passes(early);
      yield chunk;
    }
  }
  return { head, read: (...asked) => slowly(read(...asked)) };
}

const start = () => ({ at: performance.now(), cpu: process.cpuUsage() });
let began = start();
const job = JSON.parse(await text(process.stdin)) as CopyJob;
const did = job.verb === "copy" ? await makeCopy(job) : await relayRanges(job);
const { user, system } = process.cpuUsage(began.cpu);
const report: CopyReport = { seconds: (performance.now() - began.at) / 1000, cpu: (user + system) / 1e6, peak: peakMemory(), ...did };
process.stdout.write(JSON.stringify(report));
if (process.connected) process.disconnect();
