import { createHash } from "node:crypto";
import type { Bucket, Parts } from "./bucket.ts";
import { md5 } from "./bucket.ts";
import { crc32c } from "./crc32c.ts";
import { type Asked, type Reply, type Require, xml, xmlRefusal } from "./reply.ts";

/** `/{bucket}/{key}` with `uploads` or `uploadId`: https://docs.cloud.google.com/storage/docs/multipart-uploads */
export function xmlApi(bucket: Bucket, name: string, asked: Asked, may: Require): Reply {
  const { method, query, headers } = asked;
  if (headers["x-goog-if-generation-match"] !== undefined) throw xmlRefusal(400, "NotImplemented");
  const id = query.get("uploadId");
  if (id === null) {
    may("storage.multipartUploads.create");
    may("storage.objects.create");
    const { id: made } = bucket.initiate(name, metadataIn(asked));
    return xml(
      200,
      `<InitiateMultipartUploadResult><Bucket>${bucket.name}</Bucket><UploadId>${made}</UploadId></InitiateMultipartUploadResult>`,
    );
  }
  may(`storage.multipartUploads.${{ DELETE: "abort", GET: "listParts" }[method] ?? "create"}`);
  const upload = bucket.uploads.get(id);
  if (upload?.name !== name) throw xmlRefusal(404, "NoSuchUpload", "The requested upload was not found.");
  if (method === "PUT") return putPart(upload, asked);
  if (method === "GET") return listParts(upload, asked);
  if (method === "POST") return complete(bucket, upload, asked, may);
  bucket.uploads.delete(id);
  return { status: 204 };
}

const metadataIn = ({ headers }: Asked): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([key, value]) => (key.startsWith("x-goog-meta-") ? [[key.slice(12), String(value)]] : [])),
  );

function putPart({ parts }: Parts, { query, headers, body }: Asked): Reply {
  const n = Number(query.get("partNumber"));
  if (!(n >= 1 && n <= 10_000)) throw xmlRefusal(400, "InvalidArgument");
  const wanted = headers["content-md5"];
  if (wanted !== undefined && wanted !== md5(body))
    throw xmlRefusal(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
  const etag = createHash("md5").update(body).digest("hex");
  parts.set(n, { bytes: Buffer.from(body), etag });
  return { status: 200, headers: { etag: `"${etag}"`, "x-goog-hash": `crc32c=${crc32c(body)},md5=${md5(body)}` } };
}

function listParts({ parts }: Parts, { query }: Asked): Reply {
  const after = Number(query.get("part-number-marker") ?? 0);
  const most = Number(query.get("max-parts") ?? 1_000);
  const left = [...parts].filter(([n]) => n > after).sort(([a], [b]) => a - b);
  const shown = left.slice(0, most);
  const listed = shown.map(
    ([n, { bytes, etag }]) => `<Part><PartNumber>${n}</PartNumber><ETag>&quot;${etag}&quot;</ETag><Size>${bytes.length}</Size></Part>`,
  );
  const more = left.length > most;
  const next = more ? `<NextPartNumberMarker>${shown.at(-1)?.[0]}</NextPartNumberMarker>` : "";
  return xml(200, `<ListPartsResult><IsTruncated>${more}</IsTruncated>${next}${listed.join("")}</ListPartsResult>`);
}

function complete(bucket: Bucket, upload: Parts, { body }: Asked, may: Require): Reply {
  may("storage.objects.create");
  const listed = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;(.*?)&quot;<\/ETag>/g)];
  const chosen = listed.map(([, n, etag]) => {
    const part = upload.parts.get(Number(n));
    if (!part || part.etag !== etag) throw xmlRefusal(400, "InvalidPart");
    return part.bytes;
  });
  if (chosen.length === 0) throw xmlRefusal(400, "MalformedCompleteMultipartUploadRequest");
  if (chosen.slice(0, -1).some(({ length }) => length < bucket.minPart)) throw xmlRefusal(400, "EntityTooSmall");
  if (bucket.live(upload.name)) requireOverwriter(bucket, upload.name, may);
  bucket.uploads.delete(upload.id);
  const made = bucket.make(upload.name, Buffer.concat(chosen), { metadata: upload.metadata, parts: true });
  const result = `<CompleteMultipartUploadResult><Key>${upload.name}</Key><ETag>&quot;CJ${made.generation}=&quot;</ETag></CompleteMultipartUploadResult>`;
  return xml(200, result, { "x-goog-hash": `crc32c=${made.crc32c}` });
}

function requireOverwriter(bucket: Bucket, name: string, may: Require): void {
  may("storage.objects.delete");
  const there = bucket.live(name);
  if (there && (bucket.lockedUntil(there) ?? 0) > new Date())
    throw xmlRefusal(403, "AccessDenied", "Object is subject to the bucket's retention policy.");
}
