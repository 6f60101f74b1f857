import { type Mark, ObjectMissing, type Range, type Ref, ShortRead, StoreDenied, type StoreRead } from "@holdfast/core";
import { pull } from "../pull.ts";
import { requireRange } from "../range.ts";
import { type Azure, call, stream, type Streaming } from "./call.ts";
import { type At, head, headWithTags } from "./head.ts";
import { markOf, one, pinned, versionOf } from "./stored.ts";

/** Answers in a row that may bring nothing before a read is given up. The service closes connections of readers that pause for long. */
const barrenAnswers = 3;

export function azureRead(azure: Azure): StoreRead {
  return {
    async head(at) {
      const found = await headWithTags(azure, at);
      if (!found || found.tags === 0) return found?.stored;
      const mark = await visibleMark(azure, found.stored);
      return mark ? { ...found.stored, mark } : found.stored;
    },
    read: (at, range, signal) => read(azure, at, range, signal),
  };
}

/** Undefined also where the role may read the object and not its tags. */
async function visibleMark(azure: Azure, at: Ref): Promise<Mark | undefined> {
  try {
    return await tags(azure, at);
  } catch (error) {
    if (error instanceof StoreDenied || error instanceof ObjectMissing) return undefined;
    throw error;
  }
}

/** The mark that stands on one version. Index tags are read by a right of their own. Throws {@link ObjectMissing}. */
export async function tags(azure: Azure, { key, version }: Ref): Promise<Mark | undefined> {
  // Tags take no ETag: where there are no versions, they are those of whatever stands there.
  const { query } = pinned(version);
  const { body } = await call(azure, { action: "Get Blob Tags", method: "GET", key, query: { comp: "tags", ...query } });
  return markOf(body);
}

/** Goes on where a connection broke, with the same version, so that hours of reading survive one reset. */
async function* read(azure: Azure, asked: At, range: Range | undefined, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  if (range) requireRange(range);
  if (range && range.from === range.to) return await readNothing(azure, asked, range);
  const start = range?.from ?? 0;
  let { at, to }: { at: At; to: number | undefined } = { at: asked, to: range?.to };
  for (let [from, barren] = [start, 0]; ; ) {
    const answer = await get(azure, at, { from, to }, signal);
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

/** The bytes of a range out of a body that starts at `starts`, not later than the range. */
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
async function readNothing(azure: Azure, at: At, { from, to }: Range): Promise<void> {
  const found = await head(azure, at);
  if (!found) throw new ObjectMissing(at.key);
  if (to > found.bytes) throw new ShortRead(at.key, to - from, 0);
}

/** `starts`: the place in the object of the first byte of the body. `total`: bytes of the whole object. */
type Body = { body: Streaming["body"]; version: string; starts: number; total: number };
async function get(azure: Azure, at: At, { from, to }: { from: number; to: number | undefined }, signal?: AbortSignal): Promise<Body> {
  const { query, headers: pin } = pinned(at.version);
  const range = from > 0 || to !== undefined ? { range: `bytes=${from}-${to === undefined ? "" : to - 1}` } : {};
  const { headers, body } = await stream(azure, {
    action: "Get Blob",
    method: "GET",
    key: at.key,
    query,
    headers: { ...pin, ...range },
    signal,
  }).catch((error) => {
    if (error.cause?.name === "InvalidRange") throw new ShortRead(at.key, (to ?? from) - from, 0);
    throw error;
  });
  const { starts, total } = placeOf(headers["content-range"]) ?? { starts: 0, total: Number(headers["content-length"]) };
  if (starts > from || (to ?? 0) > total) {
    body.destroy();
    throw new ShortRead(at.key, (to ?? total) - from, starts > from ? 0 : Math.max(0, total - from));
  }
  return { body, version: versionOf(one(headers["x-ms-version-id"]), headers.etag), starts, total };
}

/** What `bytes 5-9/100` says; undefined where the service sent the whole. */
function placeOf(header: string | undefined): { starts: number; total: number } | undefined {
  const [, starts, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(header ?? "") ?? [];
  return starts === undefined ? undefined : { starts: Number(starts), total: Number(total) };
}
