import { ListPartsCommand } from "@aws-sdk/client-s3";
import type { Part, StoreRanges, Upload } from "@holdfast/core";
import { PartsMissing } from "../errors.ts";
import { equalPart, wholePart } from "../partsize.ts";
import { pull } from "../pull.ts";
import { call, type S3 } from "./call.ts";
import { bare, sumsOf } from "./stored.ts";
import { abortUpload, beginUpload, completeUpload, sendPart } from "./upload.ts";

/** Each put() holds its part in memory, because a checksum goes ahead of the bytes. */
export function s3Ranges(s3: S3): StoreRanges {
  return {
    limits: s3.limits,
    async begin(key, bytes) {
      const part = equalPart(key, bytes, s3.limits, s3.part);
      return { ...(await beginUpload(s3, key)), part, bytes };
    },
    parts: (upload) => listParts(s3, upload),
    async put(upload, n, body, context) {
      const bytes = await wholePart(upload, n, pull(body, context.signal));
      return sendPart(s3, upload, n, bytes, context.signal);
    },
    async commit(upload, parts) {
      const held = parts.reduce((sum, part) => sum + part.bytes, 0);
      if (held !== upload.bytes) throw new PartsMissing(upload.key, `the parts make ${held} of ${upload.bytes} bytes`);
      const sorted = parts.toSorted((a, b) => a.n - b.n);
      return completeUpload(s3, upload, sorted, { repeated: true });
    },
    abort: (upload) => abortUpload(s3, upload),
  };
}

/** SeaweedFS lists a part that was sent twice twice. */
async function* listParts(s3: S3, upload: Upload): AsyncIterable<Part> {
  let last: Part | undefined;
  for await (const part of listed(s3, upload)) {
    if (last && last.n !== part.n) yield last;
    last = part;
  }
  if (last) yield last;
}

async function* listed(s3: S3, { key, token }: Upload): AsyncIterable<Part> {
  let after: string | undefined;
  do {
    const page = new ListPartsCommand({
      Bucket: s3.bucket,
      Key: key,
      UploadId: token,
      ...(after === undefined ? {} : { PartNumberMarker: after }),
    });
    const answer = await call(s3, "s3:ListMultipartUploadParts", key, undefined, (options) => s3.client.send(page, options));
    for (const part of answer.Parts ?? [])
      yield { n: part.PartNumber ?? 0, bytes: part.Size ?? 0, etag: bare(part.ETag), sums: sumsOf(part) };
    after = answer.IsTruncated ? answer.NextPartNumberMarker : undefined;
  } while (after !== undefined);
}
