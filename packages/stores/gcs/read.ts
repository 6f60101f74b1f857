import type { IncomingMessage } from "node:http";
import { ObjectMissing, type Range, ShortRead, type Stored, type StoreRead } from "@holdfast/core";
import { pull } from "../pull.ts";
import { requireRange } from "../range.ts";
import { ask, type Gcs, objectUrl } from "./call.ts";
import { jsonOf, notUnderstood, translate } from "./errors.ts";
import { fields, resource, stored } from "./resource.ts";

type At = { key: string; version?: string };
/** Answers in a row that may bring nothing before a read is given up. */
const barrenAnswers = 3;

export function gcsRead(gcs: Gcs): StoreRead {
  return {
    head: (at) => head(gcs, at),
    read: (at, range, signal) => read(gcs, at, range, signal),
  };
}

const aboutOf = (gcs: Gcs, { key }: At) => ({ permission: "storage.objects.get", bucket: gcs.bucket, key });
/** What is no number is no generation; Google would call the request itself wrong. */
const isGeneration = ({ version }: At): boolean => version === undefined || /^\d{1,19}$/.test(version);

async function head(gcs: Gcs, at: At): Promise<Stored | undefined> {
  if (!isGeneration(at)) return undefined;
  const url = objectUrl(gcs, at.key, { generation: at.version, fields });
  const answer = await ask(gcs, { method: "GET", url });
  if (answer.status !== 200) {
    const error = translate(answer, aboutOf(gcs, at));
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
  const parsed = resource.safeParse(jsonOf(answer.text));
  if (!parsed.success) throw notUnderstood(aboutOf(gcs, at), { cause: parsed.error });
  return stored(parsed.data);
}

/** Goes on where a connection broke, with the same generation, so that hours of reading survive one reset. */
async function* read(gcs: Gcs, asked: At, range: Range | undefined, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  if (range) requireRange(range);
  if (range && range.from === range.to) return await readNothing(gcs, asked, range);
  const start = range?.from ?? 0;
  let { at, to }: { at: At; to: number | undefined } = { at: asked, to: range?.to };
  for (let [from, barren] = [start, 0]; ; ) {
    const answer = await get(gcs, at, { from, to }, signal);
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
    }
    if (from === to) return;
    barren = from > before ? 0 : barren + 1;
    if (barren === barrenAnswers) throw new ShortRead(at.key, to - start, from - start, { cause: broke });
  }
}

/** The bytes of a range out of a body that starts at `starts`: not later than the range, and sooner where a server ignores ranges. */
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
async function readNothing(gcs: Gcs, at: At, { from, to }: Range): Promise<void> {
  const found = await head(gcs, at);
  if (!found) throw new ObjectMissing(at.key);
  if (to > found.bytes) throw new ShortRead(at.key, to - from, 0);
}

/** `starts`: the place in the object of the first byte of the body. `total`: bytes of the whole object. */
type Got = { body: IncomingMessage; version: string; starts: number; total: number };
async function get(
  gcs: Gcs,
  at: At,
  { from, to }: { from: number; to: number | undefined },
  signal: AbortSignal | undefined,
): Promise<Got> {
  if (!isGeneration(at)) throw new ObjectMissing(at.key);
  const headers = from > 0 || to !== undefined ? { range: `bytes=${from}-${to === undefined ? "" : to - 1}` } : {};
  const url = objectUrl(gcs, at.key, { alt: "media", generation: at.version });
  const answer = await ask(gcs, { method: "GET", url, headers, signal, stream: true });
  if (answer.status === 416) throw new ShortRead(at.key, (to ?? from) - from, 0);
  if (!answer.body) throw translate(answer, aboutOf(gcs, at));
  const { starts, total } = placeOf(answer.headers["content-range"]) ?? { starts: 0, total: Number(answer.headers["content-length"]) };
  const version = answer.headers["x-goog-generation"];
  if (typeof version !== "string" || !Number.isSafeInteger(total)) {
    answer.body.destroy();
    throw notUnderstood(aboutOf(gcs, at));
  }
  if (starts > from || (to ?? 0) > total) {
    answer.body.destroy();
    throw new ShortRead(at.key, (to ?? total) - from, starts > from ? 0 : Math.max(0, total - from));
  }
  return { body: answer.body, version, starts, total };
}

/** What `bytes 5-9/100` says; undefined where a server sent the whole. */
function placeOf(header: string | undefined): { starts: number; total: number } | undefined {
  const [, starts, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(header ?? "") ?? [];
  return starts === undefined ? undefined : { starts: Number(starts), total: Number(total) };
}
