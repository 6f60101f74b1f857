import { copyMemory } from "../margins.ts";
import type { Bytes } from "../ports/bytes.ts";
import type { Context } from "../ports/context.ts";
import { UploadGone } from "../ports/errors.ts";
import type { Part, Range, Ref, Sum, Upload } from "../ports/store.ts";
import { combine, type Piece } from "./combine.ts";
import { digesting, signedCrcs } from "./digests.ts";
import { PartCorrupted } from "./errors.ts";
import { type FanOut, type PartRange, partCount, requireThere, type Relayed } from "./fanout.ts";
import { type Origins, pinned } from "./pinned.ts";
import { compareSums, type Destination } from "./prove.ts";

type Sent = Piece & { checked?: Sum };

/**
 * Copies the parts of one range. Those that the store holds already, with the right length, and with the right sum or checked by itself, are read here
 * for what they add to the sums of the whole and not sent again: a worker that was lost costs its range at most. Two workers at one range do no harm.
 * What stands there already is read back instead.
 * Throws {@link SourceGone}, {@link PartCorrupted} (try again), {@link UploadGone} (begin again), {@link CopyDiffers}.
 */
export async function relay(job: FanOut, range: PartRange, from: Origins, to: Destination, context: Context): Promise<Relayed> {
  if (job.standing) return { ...range, state: "sent", ...(await readBack(job.upload, job.standing, range, to, context)) };
  try {
    const held = await heldParts(job.upload, range, to);
    const numbers = Array.from({ length: range.last - range.first + 1 }, (_, i) => range.first + i);
    const together = Math.max(1, Math.min(4, Math.floor(copyMemory / job.upload.part)));
    const sent = await sideBySide(numbers, together, (n) => relayPart(job, n, held.get(n), from, to, context));
    const checked = sent[0]?.checked;
    return {
      ...range,
      state: "sent",
      ...combine(sent),
      ...(checked && sent.every((part) => part.checked === checked) ? { checked } : {}),
    };
  } catch (error) {
    if (!(error instanceof UploadGone)) throw error;
    await requireThere(job, to, error);
    return { ...range, state: "there" };
  }
}

async function readBack(
  upload: Upload,
  standing: Ref,
  { first, last }: PartRange,
  { read }: Destination,
  context: Context,
): Promise<Piece> {
  const span = { from: spanOf(upload, first).from, to: spanOf(upload, last).to };
  return digestsOf(counted(read.read(standing, span, context.signal), context), signedCrcs);
}

async function heldParts(upload: Upload, { first, last }: PartRange, to: Destination): Promise<Map<number, Part>> {
  const held = new Map<number, Part>();
  for await (const part of to.ranges.parts(upload)) if (part.n >= first && part.n <= last) held.set(part.n, part);
  return held;
}

const spanOf = (upload: Upload, n: number): Range => ({
  from: (n - 1) * upload.part,
  to: n === partCount(upload) ? upload.bytes : n * upload.part,
});

async function relayPart(
  { upload, source }: FanOut,
  n: number,
  held: Part | undefined,
  from: Origins,
  to: Destination,
  context: Context,
): Promise<Sent> {
  const span = spanOf(upload, n);
  const read = () => counted(pinned(from, source, span, context.signal), context);
  if (held && held.bytes === span.to - span.from && (held.checked || Object.keys(held.sums).length > 0)) {
    const found = await digestsOf(read(), [...signedCrcs, to.ranges.limits.sum]);
    const compared = compareSums(held, found);
    if (compared.is === "equal") return { ...found, checked: compared.by };
    if (compared.is === "unknown" && held.checked) return found;
  }
  const digests = digesting([...signedCrcs, to.ranges.limits.sum]);
  const part = await to.ranges.put(upload, n, digests.through(read()), context);
  const sent = digests.end();
  const compared = compareSums(part, sent);
  if (compared.is === "different") throw new PartCorrupted(to.name, `${source.key}, part ${n},`, compared.what);
  return compared.is === "equal" ? { ...sent, checked: compared.by } : sent;
}

async function digestsOf(bytes: Bytes, sums: readonly Sum[]): Promise<Piece> {
  const digests = digesting(sums);
  for await (const chunk of bytes) digests.update(chunk);
  return digests.end();
}

async function* counted(bytes: Bytes, context: Context): Bytes {
  for await (const chunk of bytes) {
    context.progress(chunk.length);
    yield chunk;
  }
}

/** Results in the order of the items. After the first failure no further item is begun; it is thrown when those that were have ended. */
async function sideBySide<T, R>(items: readonly T[], together: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const entries = items.entries();
  const lane = async () => {
    for (const [i, item] of entries) {
      if (failures.length > 0) return;
      try {
        results[i] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: together }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
