import { createHash } from "node:crypto";
import { ObjectTooLarge, type Stored, type StoreCreate } from "@holdfast/core";
import type { Part } from "../parts.ts";
import { type Flow, type Sender, sendStream } from "../sending.ts";
import type { Answer, Gcs } from "./call.ts";
import { translate } from "./errors.ts";
import { beginSession, cancelSession, grain, type Session, sendPiece } from "./session.ts";
import { made, settle } from "./settle.ts";
import { putWhole } from "./whole.ts";

/** Cleaning up has to end before the runner is killed; a session that stays costs nothing and ends after a week. */
const cancelPatience = 10_000;

/**
 * A body that fits one piece is one request; others are a resumable upload, one piece on its way while the next is filled. Not an upload in
 * parts, for Google takes no precondition on those; a session has one, checked when it begins and again when the object is made.
 * Memory: two pieces.
 */
export function gcsCreate(gcs: Gcs): StoreCreate {
  const size = Math.ceil(gcs.part / grain) * grain;
  return {
    create: (key, body, context) =>
      sendStream(
        body,
        context,
        () => size,
        (flow) => sender(gcs, key, flow),
      ),
  };
}

/** Sends pieces one after the other. The first that fails stops everything through `stop`, which also ends the wait for the producer. */
function sender(gcs: Gcs, key: string, { signal, stop, free }: Flow): Sender {
  const hash = createHash("md5");
  let session: Session | undefined;
  let sent = 0;
  let going: Promise<Stored | undefined> = Promise.resolve(undefined);
  const one = async (open: Session, { bytes, last }: Part): Promise<Stored | undefined> => {
    hash.update(bytes);
    const md5 = last ? hash.digest("base64") : undefined;
    const answer = await sendPiece(gcs, open, { from: sent, bytes, ...(md5 === undefined ? {} : { last: { md5 } }) }, signal);
    sent += bytes.length;
    free(bytes);
    return md5 === undefined ? accepted(gcs, key, answer) : finished(gcs, { key, bytes: sent, md5 }, answer, signal);
  };
  return {
    whole: (bytes) => putWhole(gcs, key, bytes, signal),
    async send(piece: Part): Promise<void> {
      if (sent + piece.bytes.length > gcs.limits.maxObject)
        throw new ObjectTooLarge(`${key} is over the store's limit of ${gcs.limits.maxObject} bytes`, "Split it, or choose another store.");
      await going;
      signal.throwIfAborted();
      session ??= await beginSession(gcs, key, signal);
      going = one(session, piece);
      going.catch((error) => stop.abort(error));
    },
    async finish(): Promise<Stored> {
      const stored = await going;
      if (stored) return stored;
      throw new TypeError("a stream without a last piece");
    },
    /** Never throws: what went wrong before is what counts. */
    async abandon(): Promise<void> {
      await going.catch(() => {});
      if (session) await cancelSession(gcs, session, AbortSignal.timeout(cancelPatience)).catch(() => {});
    },
  };
}

/** Nothing is made before the last piece, so what fails here is no matter of doubt. */
function accepted(gcs: Gcs, key: string, answer: Answer): undefined {
  if (answer.status === 308) return;
  throw translate(gone(answer), { permission: "storage.objects.create", bucket: gcs.bucket, key });
}

type Finished = { key: string; bytes: number; md5: string };
async function finished(gcs: Gcs, { key, bytes, md5 }: Finished, answer: Answer, signal: AbortSignal): Promise<Stored> {
  if (answer.status === 200 || answer.status === 201) return made(gcs, key, answer);
  const isOurs = (found: { md5Hash?: string | undefined }) => found.md5Hash === md5;
  return settle(gcs, { key, bytes, isOurs }, gone(answer), "storage.objects.create", signal);
}

/** A session that is gone (404, 410) may have ended with the object made. */
const gone = (answer: Answer): Answer =>
  answer.status === 404 || answer.status === 410
    ? { ...answer, status: 0, lost: true, cause: new Error("the upload's session is gone") }
    : answer;
