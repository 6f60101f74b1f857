import { PutObjectCommand } from "@aws-sdk/client-s3";
import { ObjectTooLarge, type Part, type Stored, type StoreCreate, StoreUnavailable } from "@holdfast/core";
import { inFlight, type Part as Piece, partSizes } from "../parts.ts";
import { type Flow, type Sender, sendStream } from "../sending.ts";
import { type S3, saidAt } from "./call.ts";
import { said } from "./errors.ts";
import { etagOfWhole, settle } from "./settle.ts";
import { bare, sumsOf } from "./stored.ts";
import { abortUpload, beginUpload, checksumOf, completeUpload, type Open, sendPart } from "./upload.ts";

/** AWS answers 409 to all but one of several writes at the same moment, and asks to try again. */
const conflictTries = 3;
/** Cleaning up has to end before the runner is killed; what it leaves, the bucket's rule for unfinished uploads removes. */
const abortPatience = 10_000;

/**
 * A body that fits one part is one request; others go in parts, some on their way while the next is filled. Memory: the parts on their way
 * and one, as {@link inFlight} allows.
 */
export function s3Create(s3: S3): StoreCreate {
  return {
    create: (key, body, context, size) =>
      sendStream(body, context, partSizes(key, size, s3.limits, s3.part), (flow) => sender(s3, key, flow)),
  };
}

async function putWhole(s3: S3, key: string, bytes: Uint8Array, signal: AbortSignal): Promise<Stored> {
  for (let tries = 1; ; tries++) {
    const command = new PutObjectCommand({ Bucket: s3.bucket, Key: key, Body: bytes, IfNoneMatch: "*", ...checksumOf(s3) });
    try {
      const answer = await s3.client.send(command, { abortSignal: signal });
      const version = s3.versions ? (answer.VersionId ?? "null") : bare(answer.ETag);
      return { key, version, bytes: bytes.length, at: saidAt(answer), access: "now", sums: sumsOf(answer) };
    } catch (error) {
      try {
        return await settle(s3, { key, bytes: bytes.length, etag: () => etagOfWhole(bytes) }, error, { signal });
      } catch (settled) {
        const again = said(error).status === 409 && settled instanceof StoreUnavailable && tries < conflictTries;
        if (!again) throw settled;
      }
    }
  }
}

/** Sends parts side by side. The first that fails stops everything through `stop`, which also ends the wait for the producer. */
function sender(s3: S3, key: string, { signal, stop, free }: Flow): Sender {
  const running = new Set<Promise<void>>();
  const sent: Part[] = [];
  let open: Open | undefined;
  const begin = async () => {
    open ??= await beginUpload(s3, key);
    return open;
  };
  return {
    whole: (bytes) => putWhole(s3, key, bytes, signal),
    async send({ n, bytes }: Piece): Promise<void> {
      if (n > s3.limits.maxParts)
        throw new ObjectTooLarge(
          `${key} does not fit ${s3.limits.maxParts} parts`,
          "Give its size beforehand, so that parts are made larger.",
        );
      const upload = await begin();
      while (running.size >= inFlight(bytes.length, s3.memory)) await Promise.race(running);
      signal.throwIfAborted();
      const going: Promise<void> = sendPart(s3, upload, n, bytes, signal)
        .then(
          (part) => {
            sent[n - 1] = part;
            free(bytes);
          },
          (error) => stop.abort(error),
        )
        .finally(() => running.delete(going));
      running.add(going);
    },
    async finish(): Promise<Stored> {
      await Promise.all(running);
      signal.throwIfAborted();
      return completeUpload(s3, await begin(), sent, { signal });
    },
    /** Waits for what is on its way: a part that arrives after the abort would stay. Never throws: what went wrong before is what counts. */
    async abandon(): Promise<void> {
      await Promise.all(running);
      if (open) await abortUpload(s3, open, AbortSignal.timeout(abortPatience)).catch(() => {});
    },
  };
}
