import { createHash } from "node:crypto";
import { HoldfastError, ObjectExists, OutcomeUnknown, type Stored, StoreUnavailable } from "@holdfast/core";
import type { S3 } from "./call.ts";
import { said, translate } from "./errors.ts";
import { current, type Listed } from "./list.ts";

/** What was to be committed. `etag` is that of these bytes, where the store derives it from them (not under SSE-KMS). */
export type Sent = { key: string; bytes: number; etag(): string };

/**
 * Answers for a conditional write whose own answer is not the last word: it was lost, or it says "exists" of what an earlier try of the
 * same request had made: the SDK tries again by itself, and with `repeated` the caller may too. The listing settles it: the same length
 * and ETag are our bytes.
 *
 * Returns what stands there when it is ours. Throws {@link ObjectExists}, {@link OutcomeUnknown}, {@link StoreUnavailable} when another
 * write was under way (409) and nothing stands there yet, or what a plain refusal says.
 */
export async function settle(
  s3: S3,
  sent: Sent,
  error: unknown,
  { signal, repeated = false }: { signal?: AbortSignal; repeated?: boolean },
): Promise<Stored> {
  signal?.throwIfAborted();
  // It was never sent: nobody gave keys for it.
  if (error instanceof HoldfastError) throw error;
  const { name, status, attempts } = said(error);
  const refused = translate(error, { action: "s3:PutObject", bucket: s3.bucket, key: sent.key });
  const cause = { cause: refused.cause };
  // A store that is full (507) says that it took nothing.
  const lost = status === undefined || (status >= 500 && status !== 507);
  const taken = status === 412;
  const busy = status === 409;
  const doubtful = lost || busy || name === "NoSuchUpload" || attempts > 1 || (taken && repeated);
  if (!doubtful) throw taken ? new ObjectExists(sent.key, cause) : refused;

  const found = await look(s3, sent, refused);
  if (found && found.bytes === sent.bytes && found.etag === sent.etag()) return withoutEtag(found);
  if (found && (taken || busy || found.bytes !== sent.bytes)) throw new ObjectExists(sent.key, cause);
  if (busy)
    throw new StoreUnavailable(`${sent.key}: another write was under way`, "Nothing was stored. Trying again usually helps.", cause);
  // The same length under another ETag may still be ours: with SSE-KMS the ETag is not made of the bytes.
  if (found || lost || taken) throw unknown(sent, refused.cause);
  throw refused;
}

async function look(s3: S3, sent: Sent, refused: Error): Promise<Listed | undefined> {
  try {
    return await current(s3, sent.key);
  } catch {
    throw unknown(sent, refused.cause);
  }
}

const unknown = ({ key, bytes }: Sent, cause: unknown) =>
  new OutcomeUnknown(
    `${key}: the store did not say whether it holds the ${bytes} bytes`,
    "Try again: if it does, the next try finds them.",
    { cause },
  );

const withoutEtag = ({ etag: _, ...stored }: Listed): Stored => stored;

/** The ETag of an object that came in one request: the MD5 of its bytes. */
export const etagOfWhole = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
/** The ETag of an object that came in parts: the MD5 of their MD5s, and how many there are. */
export function etagOfParts(etags: readonly string[]): string {
  const sums = Buffer.concat(etags.map((etag) => Buffer.from(etag, "hex")));
  return `${createHash("md5").update(sums).digest("hex")}-${etags.length}`;
}
