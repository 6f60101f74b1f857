import { Readable } from "node:stream";
import { GetObjectCommand, GetObjectTaggingCommand, HeadObjectCommand, type HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { type Mark, ObjectMissing, type Ref, StoreDenied, type Stored, type StoreRead } from "@holdfast/core";
import { type Answer, type At, beyond, type Getting, placeOf, rangeOf, resumed, type Span } from "../resumed.ts";
import { call, pinned, type S3 } from "./call.ts";
import { said } from "./errors.ts";
import { accessOf, bare, markOf, sumsOf } from "./stored.ts";

export function s3Read(s3: S3): StoreRead {
  const getting: Getting = { head: (at) => head(s3, at), get: (at, span, signal) => get(s3, at, span, signal) };
  return {
    async head(at) {
      const found = await head(s3, at);
      if (!found) return undefined;
      const mark = await visibleMark(s3, found);
      return mark ? { ...found, mark } : found;
    },
    read: (at, range, signal) => resumed(getting, at, range, signal),
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

async function get(s3: S3, at: At, span: Span, signal: AbortSignal | undefined): Promise<Answer> {
  const range = rangeOf(span);
  const command = new GetObjectCommand({
    Bucket: s3.bucket,
    Key: at.key,
    ...pinned(s3, at),
    ...(range === undefined ? {} : { Range: range }),
  });
  const answer = await call(s3, "s3:GetObject", at.key, signal, async (options) => {
    try {
      return await s3.client.send(command, options);
    } catch (error) {
      if (said(error).name === "InvalidRange") throw beyond(at, span);
      throw error;
    }
  });
  const { Body: body, ContentLength: length = 0, ContentRange, VersionId, ETag } = answer;
  if (!(body instanceof Readable)) throw new TypeError("the S3 client was made for another platform than Node");
  return { body, version: s3.versions ? (VersionId ?? "null") : bare(ETag), ...placeOf(ContentRange, length) };
}
