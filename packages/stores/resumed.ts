import { IncomingMessage } from "node:http";
import { type Bytes, give, ObjectMissing, type Range, ShortRead, type Stored } from "@holdfast/core";
import { pull } from "./pull.ts";
import { requireRange } from "./range.ts";

export type At = { key: string; version?: string };
/** Bytes from `from` up to but without `to`; undefined: to the end. */
export type Span = { from: number; to: number | undefined };
/** `starts`: the place in the object of the first byte of the body. `total`: bytes of the whole object. */
export type Answer = { body: Bytes & { destroy(): unknown }; version: string; starts: number; total: number };
/** What one kind of store brings along. `get` throws {@link ShortRead} for a range that lies beyond the object. */
export type Getting = {
  head(at: At): Promise<Stored | undefined>;
  get(at: At, span: Span, signal: AbortSignal | undefined): Promise<Answer>;
};

/** Answers in a row that may bring nothing before a read is given up. Stores close connections of readers that pause for long. */
const barrenAnswers = 3;

/** Goes on where a connection broke, with the same version, so that hours of reading survive one reset. */
export async function* resumed(
  store: Getting,
  asked: At,
  range: Range | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  if (range) requireRange(range);
  if (range && range.from === range.to) return await readNothing(store, asked, range);
  const start = range?.from ?? 0;
  let { at, to }: { at: At; to: number | undefined } = { at: asked, to: range?.to };
  for (let [from, barren] = [start, 0]; ; ) {
    const answer = await covering(store, at, { from, to }, signal);
    at = { key: at.key, version: answer.version };
    to ??= answer.total;
    const before = from;
    let broke: unknown;
    try {
      for await (const chunk of within(signal ? pull(answer.body, signal) : answer.body, answer.starts, { from, to })) {
        from += chunk.length;
        yield answer.body instanceof IncomingMessage && isAlone(chunk) ? give(chunk) : chunk;
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

/** An answer that holds all of the span, or {@link ShortRead}. */
async function covering(store: Getting, at: At, { from, to }: Span, signal: AbortSignal | undefined): Promise<Answer> {
  const answer = await store.get(at, { from, to }, signal);
  const { starts, total, body } = answer;
  if (starts <= from && (to ?? 0) <= total) return answer;
  body.destroy();
  throw new ShortRead(at.key, (to ?? total) - from, starts > from ? 0 : Math.max(0, total - from));
}

/** The bytes of a range out of a body that starts at `starts`: not later than the range, and sooner where a server ignores ranges, as HTTP lets it. */
async function* within(body: Bytes, starts: number, { from, to }: Range): Bytes {
  let at = starts;
  for await (const chunk of body) {
    const wanted = from <= at && at + chunk.length <= to ? chunk : chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
    at += chunk.length;
    if (wanted.length > 0) yield wanted;
    if (at >= to) return;
  }
}

/** Node reads most chunks of an answer into memory of their own. What shares it, with a header or with another chunk, nobody may free. */
const isAlone = (chunk: Uint8Array): boolean => chunk.buffer.byteLength === chunk.length;

/** HTTP has no empty range, but what does not exist is missing all the same. */
async function readNothing(store: Getting, at: At, { from, to }: Range): Promise<void> {
  const found = await store.head(at);
  if (!found) throw new ObjectMissing(at.key);
  if (to > found.bytes) throw new ShortRead(at.key, to - from, 0);
}

/** The value of HTTP's Range for a span; undefined for the whole. */
export const rangeOf = ({ from, to }: Span): string | undefined =>
  from > 0 || to !== undefined ? `bytes=${from}-${to === undefined ? "" : to - 1}` : undefined;

/** What `bytes 5-9/100` says; the whole, of that length, where a server sent no Content-Range. */
export function placeOf(contentRange: string | undefined, length: number): Pick<Answer, "starts" | "total"> {
  const [, starts, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange ?? "") ?? [];
  return starts === undefined ? { starts: 0, total: length } : { starts: Number(starts), total: Number(total) };
}

/** A span that lies beyond the object, by the words of the store. */
export const beyond = ({ key }: At, { from, to }: Span): ShortRead => new ShortRead(key, (to ?? from) - from, 0);
