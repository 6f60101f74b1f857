import { ListObjectsV2Command, ListObjectVersionsCommand, type ObjectVersion, type _Object } from "@aws-sdk/client-s3";
import type { Stored, StoreList } from "@holdfast/core";
import { call, type S3, type SendOptions } from "./call.ts";
import { accessOf, bare } from "./stored.ts";

/** An object of a listing. The ETag tells whether it is the one that was sent. */
export type Listed = Stored & { etag: string };

export function s3List(s3: S3): StoreList {
  return {
    async *list(prefix) {
      for await (const { etag: _, ...stored } of listed(s3, prefix)) yield stored;
    },
  };
}

/** The current version of one key, by the listing: writers may list what they may not read. */
export async function current(s3: S3, key: string): Promise<Listed | undefined> {
  for await (const found of listed(s3, key)) if (found.key === key) return found;
  return undefined;
}

/** A listing of objects has no version ids, so stores with versions are asked for those; all but the newest are passed over. */
const listed = (s3: S3, prefix: string): AsyncIterable<Listed> => (s3.versions ? versions(s3, prefix) : objects(s3, prefix));

async function* versions(s3: S3, prefix: string): AsyncIterable<Listed> {
  let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const page = new ListObjectVersionsCommand({
      Bucket: s3.bucket,
      Prefix: prefix,
      MaxKeys: s3.page,
      OptionalObjectAttributes: ["RestoreStatus"],
      ...marker,
    });
    const answer = await call(s3, "s3:ListBucketVersions", prefix, undefined, (options: SendOptions) => s3.client.send(page, options));
    for (const one of answer.Versions ?? []) if (one.IsLatest) yield listing(one, one.VersionId ?? "null");
    if (!answer.IsTruncated) return;
    marker = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
  }
}

async function* objects(s3: S3, prefix: string): AsyncIterable<Listed> {
  let token: string | undefined;
  do {
    const page = new ListObjectsV2Command({
      Bucket: s3.bucket,
      Prefix: prefix,
      MaxKeys: s3.page,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const answer = await call(s3, "s3:ListBucket", prefix, undefined, (options: SendOptions) => s3.client.send(page, options));
    for (const one of answer.Contents ?? []) yield listing(one, bare(one.ETag));
    token = answer.IsTruncated ? answer.NextContinuationToken : undefined;
  } while (token !== undefined);
}

function listing(one: ObjectVersion | _Object, version: string): Listed {
  const { IsRestoreInProgress: thawing, RestoreExpiryDate: until } = one.RestoreStatus ?? {};
  const restore = thawing ? 'ongoing-request="true"' : until && 'ongoing-request="false"';
  return {
    key: one.Key ?? "",
    version,
    bytes: one.Size ?? 0,
    at: one.LastModified ?? new Date(0),
    access: accessOf(one.StorageClass, restore),
    sums: {},
    etag: bare(one.ETag),
  };
}
