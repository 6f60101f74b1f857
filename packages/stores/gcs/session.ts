import { ObjectExists, StoreUnavailable } from "@holdfast/core";
import { mayPass } from "../retry.ts";
import { delay, maxTries } from "./backoff.ts";
import { type Answer, ask, type Gcs, insist, uploadUrl } from "./call.ts";
import { causeOf, translate } from "./errors.ts";

/**
 * A resumable upload: https://docs.cloud.google.com/storage/docs/performing-resumable-uploads. Its address is a capability, good for a week
 * and for anybody, so it appears in no error and goes with no token.
 */
export type Session = { readonly url: string };
/** Bytes that follow those stored before. The last piece knows the object's length and the digest that the server compares before it makes it. */
export type Piece = { from: number; bytes: Uint8Array; last?: { md5: string } };

/** Pieces but the last are multiples of this. */
export const grain = 262_144;

/** Throws {@link ObjectExists} on a taken key, before the first byte is sent. */
export async function beginSession(gcs: Gcs, key: string, signal: AbortSignal): Promise<Session> {
  const about = { permission: "storage.objects.create", bucket: gcs.bucket, key };
  const answer = await ask(gcs, {
    method: "POST",
    url: uploadUrl(gcs, { uploadType: "resumable", name: key, ifGenerationMatch: 0 }),
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: JSON.stringify({ name: key, contentType: "application/octet-stream" }),
    signal,
  });
  if (answer.status === 412) throw new ObjectExists(key, { cause: causeOf(answer) });
  if (answer.status !== 200) throw translate(answer, about);
  const url = URL.parse(answer.headers.location ?? "");
  if (url?.origin === new URL(gcs.hosts.storage).origin) return { url: url.href };
  throw new StoreUnavailable(
    `${gcs.bucket}/${key}: the upload would go to another address than the store's`,
    "Look at the endpoint of the store in the plan; nothing is sent elsewhere.",
  );
}

/**
 * Sends a piece until the server holds all of it, from wherever it stopped. Answers 308 when it waits for more, 200 or 201 when the object is
 * made, else what it refused with. `lost` in the answer: nobody knows what became of it.
 */
export async function sendPiece(gcs: Gcs, session: Session, piece: Piece, signal: AbortSignal): Promise<Answer> {
  const end = piece.from + piece.bytes.length;
  let from = piece.from;
  for (let tries = 1; ; tries++) {
    let answer = await put(gcs, session, piece, from, signal);
    if (mayPass(answer.status)) {
      await gcs.pause(delay(tries, answer.headers), signal);
      answer = await progress(gcs, session, signal);
    }
    if (answer.status !== 308) return answer;
    const held = heldBytes(answer);
    if (held < from || held > end)
      return { ...answer, status: 0, lost: true, cause: new Error(`the server holds ${held} bytes of ${end}`) };
    if (held === end && !piece.last) return answer;
    if (held > from) tries = 0;
    else if (tries >= maxTries) return { ...answer, status: 0, lost: true, cause: new Error("the server takes no byte") };
    from = held;
  }
}

async function put(gcs: Gcs, { url }: Session, piece: Piece, from: number, signal: AbortSignal): Promise<Answer> {
  const end = piece.from + piece.bytes.length;
  const range = from === end ? `bytes */${end}` : `bytes ${from}-${end - 1}/${piece.last ? end : "*"}`;
  // https://docs.cloud.google.com/storage/docs/data-validation: in the last request, the digest of the whole.
  const digest = piece.last ? { "x-goog-hash": `md5=${piece.last.md5}` } : {};
  const body = piece.bytes.subarray(from - piece.from);
  return insist(gcs, { method: "PUT", url, headers: { "content-range": range, ...digest }, body, signal, tries: 1 });
}

/**
 * How much it holds: 308 with a range, or 200 when the last piece had arrived after all. Without the length, which it may know: a server that
 * holds everything would make the object at this word, with no digest to compare.
 */
function progress(gcs: Gcs, { url }: Session, signal: AbortSignal): Promise<Answer> {
  return insist(gcs, { method: "PUT", url, headers: { "content-range": "bytes */*" }, body: "", signal });
}

/** `bytes=0-524287` in an answer 308; absent where it holds nothing. */
function heldBytes({ headers: { range } }: Answer): number {
  const [, last] = /^bytes=0-(\d+)$/.exec(typeof range === "string" ? range : "") ?? [];
  return last === undefined ? 0 : Number(last) + 1;
}

/** Twice is harmless. Answers 499 when it was there. */
export async function cancelSession(gcs: Gcs, { url }: Session, signal: AbortSignal): Promise<void> {
  await insist(gcs, { method: "DELETE", url, body: "", signal });
}
