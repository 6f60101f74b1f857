import { Readable } from "node:stream";
import { GetObjectCommand, GetObjectTaggingCommand, HeadObjectCommand, type HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { type Mark, ObjectMissing, type Range, type Ref, ShortRead, StoreDenied, type Stored, type StoreRead } from "@holdfast/core";
import { pull } from "../pull.ts";
import { requireRange } from "../range.ts";
import { call, pinned, type S3 } from "./call.ts";
import { said } from "./errors.ts";
import { accessOf, bare, markOf, sumsOf } from "./stored.ts";

type At = { key: string; version?: string };
/** Answers in a row that may bring nothing before a read is given up. S3 closes connections of readers that pause for long. */
const barrenAnswers = 3;

export function s3Read(s3: S3): StoreRead {
  return {
    async head(at) {
      const found = await head(s3, at);
      if (!found) return undefined;
      const mark = await visibleMark(s3, found);
      return mark ? { ...found, mark } : found;
    },
    read: (at, range, signal) => read(s3, at, range, signal),
  };
}

async function head(s3: S3, at: At): Promise<Stored | undefined> {
  const command = new HeadObjectCommand({ Bucket: s3.bucket, Key: at.key, ChecksumMode: "ENABLED", ...pinned(s3, at) });
  try {
    const answer = await call(s3, "s3:GetObject", at.key, undefined, (options) => s3.client.send(command, options));
    return answer.DeleteMarker ? undefined : fromHead(s3, at.key, answer);
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
}

function fromHead(s3: S3, key: string, answer: HeadObjectCommandOutput): Stored {
  return {
    key,
    version: s3.versions ? (answer.VersionId ?? "null") : bare(answer.ETag),
    bytes: answer.ContentLength ?? 0,
    at: answer.LastModified ?? new Date(0),
    access: accessOf(answer.StorageClass, answer.Restore, answer.ArchiveStatus),
    sums: sumsOf(answer),
    ...(answer.ObjectLockRetainUntilDate ? { lockedUntil: answer.ObjectLockRetainUntilDate } : {}),
  };
}

/** Undefined also where the role may read the object and not its tags. */
async function visibleMark(s3: S3, at: Ref): Promise<Mark | undefined> {
  try {
    return await tags(s3, at);
  } catch (error) {
    if (error instanceof StoreDenied || error instanceof ObjectMissing) return undefined;
    throw error;
  }
}

/** The mark that stands on one version. Throws {@link ObjectMissing}. */
export async function tags(s3: S3, at: Ref): Promise<Mark | undefined> {
  const command = new GetObjectTaggingCommand({ Bucket: s3.bucket, Key: at.key, ...(s3.versions ? { VersionId: at.version } : {}) });
  const answer = await call(s3, "s3:GetObjectVersionTagging", at.key, undefined, (options) => s3.client.send(command, options));
  return markOf(answer.TagSet);
}

/** Goes on where a connection broke, with the same version, so that hours of reading survive one reset. */
async function* read(s3: S3, asked: At, range: Range | undefined, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  if (range) requireRange(range);
  if (range && range.from === range.to) return await readNothing(s3, asked, range);
  const start = range?.from ?? 0;
  let { at, to }: { at: At; to: number | undefined } = { at: asked, to: range?.to };
  for (let [from, barren] = [start, 0]; ; ) {
    const answer = await get(s3, at, { from, to }, signal);
    at = { key: at.key, version: answer.version };
    to ??= answer.total;
    const before = from;
    let broke: unknown;
    try {
      for await (const chunk of within(signal ? pull(answer.body, signal) : answer.body, answer.starts, { from, to })) {
        from += chunk.length;
        yield chunk;
      }
    } catch (error) {
      signal?.throwIfAborted();
      broke = error;
    } finally {
      answer.body.destroy();
    }
    if (from === to) return;
    barren = from > before ? 0 : barren + 1;
    if (barren === barrenAnswers) throw new ShortRead(at.key, to - start, from - start, { cause: broke });
  }
}

/** The bytes of a range out of a body that starts at `starts`: not later than the range, and sooner where a server ignores ranges, as HTTP lets it. */
async function* within(body: AsyncIterable<Uint8Array>, starts: number, { from, to }: Range): AsyncIterable<Uint8Array> {
  let at = starts;
  for await (const chunk of body) {
    const wanted = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
    at += chunk.length;
    if (wanted.length > 0) yield wanted;
    if (at >= to) return;
  }
}

/** HTTP has no empty range, but what does not exist is missing all the same. */
async function readNothing(s3: S3, at: At, { from, to }: Range): Promise<void> {
  const found = await head(s3, at);
  if (!found) throw new ObjectMissing(at.key);
  if (to > found.bytes) throw new ShortRead(at.key, to - from, 0);
}

/** `starts`: the place in the object of the first byte of the body. `total`: bytes of the whole object. */
type Answer = { body: Readable; version: string; starts: number; total: number };
async function get(
  s3: S3,
  at: At,
  { from, to }: { from: number; to: number | undefined },
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const command = new GetObjectCommand({
    Bucket: s3.bucket,
    Key: at.key,
    ...pinned(s3, at),
    ...(from > 0 || to !== undefined ? { Range: `bytes=${from}-${to === undefined ? "" : to - 1}` } : {}),
  });
  const answer = await call(s3, "s3:GetObject", at.key, signal, async (options) => {
    try {
      return await s3.client.send(command, options);
    } catch (error) {
      if (said(error).name === "InvalidRange") throw new ShortRead(at.key, (to ?? from) - from, 0);
      throw error;
    }
  });
  const { Body: body, ContentLength: length = 0, ContentRange, VersionId, ETag } = answer;
  if (!(body instanceof Readable)) throw new TypeError("the S3 client was made for another platform than Node");
  const { starts, total } = placeOf(ContentRange) ?? { starts: 0, total: length };
  if (starts > from || (to ?? 0) > total) {
    body.destroy();
    throw new ShortRead(at.key, (to ?? total) - from, starts > from ? 0 : Math.max(0, total - from));
  }
  return { body, version: s3.versions ? (VersionId ?? "null") : bare(ETag), starts, total };
}

/** What `bytes 5-9/100` says; undefined where a server sent the whole. */
function placeOf(header: string | undefined): { starts: number; total: number } | undefined {
  const [, starts, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(header ?? "") ?? [];
  return starts === undefined ? undefined : { starts: Number(starts), total: Number(total) };
}
