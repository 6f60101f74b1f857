import { copyRange, copyRangesAtMost } from "../margins.ts";
import type { Context } from "../ports/context.ts";
import { DigestMismatch, ObjectExists, ObjectTooLarge, UploadGone } from "../ports/errors.ts";
import type { Part, Ref, Stored, Sum, Upload } from "../ports/store.ts";
import { combine, type Piece } from "./combine.ts";
import { CopyDiffers, CopyIncomplete, PartCorrupted, TooLargeForStore } from "./errors.ts";
import type { Sourced } from "./plancopy.ts";
import { compareSums, type Destination, proveStored } from "./prove.ts";
import { requireSigned } from "./stream.ts";

/** Parts `first` to `last`, from 1, of one upload: what one worker takes. */
export type PartRange = { first: number; last: number };
/**
 * One artifact that workers share. JSON: it travels through a state machine. `standing`: it was made already and is read back, so that no upload
 * is behind `upload`.
 */
export type FanOut = Sourced & { upload: Upload; ranges: PartRange[]; standing?: Ref };
/**
 * What one worker did: the CRCs of the bytes that it read, joined over its parts, so that it stays small. `checked`: the sum by which the store
 * itself told that it got each of them, where it told any. `there`: the upload was gone, and the whole object stands there as it should.
 */
export type Relayed = PartRange & (({ state: "sent"; checked?: Sum } & Piece) | { state: "there" });

/** Begins an upload and shares its parts out, or what stands there already. Throws {@link TooLargeForStore}. */
export async function beginFanOut(
  { source, signed, standing }: Sourced & { standing?: Ref },
  to: Destination,
  range: number = copyRange,
): Promise<FanOut> {
  if (standing) {
    const upload = { key: source.key, token: "", part: range, bytes: signed.bytes };
    return { source, signed, upload, ranges: shareOut(upload, range), standing };
  }
  try {
    const upload = await to.ranges.begin(source.key, signed.bytes);
    return { source, signed, upload, ranges: shareOut(upload, range) };
  } catch (cause) {
    if (!(cause instanceof ObjectTooLarge)) throw cause;
    throw new TooLargeForStore(to.name, source.key, signed.bytes, to.ranges.limits.maxObject, { cause });
  }
}

export const partCount = ({ bytes, part }: Upload): number => Math.max(1, Math.ceil(bytes / part));

/** Ranges of whole parts, of some `range` bytes each, and never more of them than a state machine can pass on. */
export function shareOut(upload: Upload, range: number): PartRange[] {
  const count = partCount(upload);
  const each = Math.max(1, Math.floor(range / upload.part), Math.ceil(count / copyRangesAtMost));
  return Array.from({ length: Math.ceil(count / each) }, (_, i) => ({ first: i * each + 1, last: Math.min(count, (i + 1) * each) }));
}

/**
 * Makes the object of what the workers sent, and says what proves it. Needs one answer for each range; twice the same is harmless, and so is doing it
 * again. Read side: the joined CRCs are the signed ones. Write side: the store's own sum of the whole, else of each part, else all is read back.
 *
 * Throws {@link DigestMismatch} (what was read is not what was signed) and {@link PartCorrupted}, each after the upload was aborted;
 * {@link CopyIncomplete} (relay all ranges again: what is there is not sent twice), {@link CopyDiffers}, {@link CopyCorrupted}; {@link UploadGone} and
 * {@link CopyUnproven}: begin again with a new plan.
 */
export async function finishFanOut(job: FanOut, relayed: readonly Relayed[], to: Destination, context: Context): Promise<string> {
  try {
    const whole = joined(job, relayed, to);
    if (whole === "there") return await proveThere(job, job.signed, to, context);
    if (job.standing) return provenBack(job, whole, to);
    return await commit(job, whole, to, context);
  } catch (error) {
    if (error instanceof PartCorrupted || error instanceof DigestMismatch) await abandonFanOut(job, to);
    throw error;
  }
}

async function commit(job: FanOut, whole: Whole, to: Destination, context: Context): Promise<string> {
  const expected: Piece = { bytes: whole.bytes, sums: { ...whole.sums, ...job.signed.sums } };
  try {
    requireSigned(job.source.key, whole, job.signed);
    const parts = await listParts(job.upload, to);
    const held = compareSums(combine(parts), whole);
    if (held.is === "different") throw new PartCorrupted(to.name, job.source.key, held.what);
    const made = await to.ranges.commit(job.upload, parts);
    const otherwise = whole.checked && `${whole.checked} of each part`;
    return `crc32c and crc64nvme read, ${await proveStored(made, expected, "made", to, context, otherwise)}`;
  } catch (error) {
    if (error instanceof ObjectExists) await abandonFanOut(job, to);
    else if (!(error instanceof UploadGone)) throw error;
    return await proveThere(job, expected, to, context, error);
  }
}

function provenBack({ source, signed }: FanOut, whole: Whole, to: Destination): string {
  const compared = compareSums(whole, signed);
  if (compared.is === "equal") return "crc32c and crc64nvme read back";
  throw new CopyDiffers(to.name, source.key, compared.is === "different" ? compared.what : "no digest was taken");
}

/** For whoever gives a copy up: nothing stays open. Twice is harmless. */
export async function abandonFanOut({ upload, standing }: FanOut, { ranges }: Destination): Promise<void> {
  if (!standing) await ranges.abort(upload);
}

type Whole = Piece & { checked?: Sum };

/** Joins what workers read, in order. Throws {@link CopyIncomplete} where a range has no answer, {@link PartCorrupted} where two say otherwise. */
function joined({ upload, ranges, source }: FanOut, relayed: readonly Relayed[], to: Destination): Whole | "there" {
  const pieces: Whole[] = [];
  for (const { first, last } of ranges) {
    const answers = relayed.filter((answer) => answer.first === first && answer.last === last);
    if (answers.some(({ state }) => state === "there")) return "there";
    const [one, ...others] = answers.flatMap((answer) => (answer.state === "sent" ? [answer] : []));
    if (!one) throw new CopyIncomplete(to.name, source.key, `lacks parts ${first} to ${last} of ${partCount(upload)}`);
    for (const other of others) {
      const compared = compareSums(other, one);
      if (compared.is !== "equal") throw new PartCorrupted(to.name, source.key, `two workers read parts ${first} to ${last} differently`);
    }
    pieces.push(one);
  }
  const checked = pieces[0]?.checked;
  return { ...combine(pieces), ...(checked && pieces.every((piece) => piece.checked === checked) ? { checked } : {}) };
}

/** Parts as the store lists them, the only truth. Throws {@link CopyIncomplete} where one is missing or of another length. */
async function listParts(upload: Upload, to: Destination): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of to.ranges.parts(upload)) parts.push(part);
  parts.sort((a, b) => a.n - b.n);
  const count = partCount(upload);
  for (let n = 1; n <= count; n++) {
    const [part, bytes] = [parts[n - 1], n < count ? upload.part : upload.bytes - upload.part * (count - 1)];
    if (part?.n !== n || part.bytes !== bytes) throw new CopyIncomplete(to.name, upload.key, `lacks part ${n} of ${count}`);
  }
  return parts;
}

async function proveThere(job: FanOut, expected: Piece, to: Destination, context: Context, error?: Error): Promise<string> {
  return proveStored(await requireThere(job, to, error), expected, "found", to, context);
}

/**
 * For an upload that is gone, or one whose key is taken: another worker may have finished it, with a later event about the same object
 * (https://github.com/DataBiosphere/azul/issues/8143). What stands there, if nothing that the store says of it is wrong, else {@link CopyDiffers}.
 * Throws `error` where nothing does.
 */
export async function requireThere({ source, signed }: FanOut, to: Destination, error?: Error): Promise<Stored> {
  const found = await to.read.head({ key: source.key });
  if (!found) throw error ?? new CopyIncomplete(to.name, source.key, "was there and is gone");
  const compared = compareSums(found, signed);
  if (compared.is === "different") throw new CopyDiffers(to.name, source.key, compared.what);
  return found;
}
