import { createHash } from "node:crypto";
import type { Part, Upload } from "@holdfast/core";
import { type Answer, ask, type Gcs, xmlUrl } from "./call.ts";
import { notUnderstood, translate } from "./errors.ts";
import { elements, escaped, textIn } from "./xml.ts";

// The five calls of an upload in parts: https://docs.cloud.google.com/storage/docs/xml-api/post-object-multipart and its neighbours.

/** `name` goes into the object's metadata, by which it is known again; `id` is Google's. Neither is a secret: each call carries a token. */
export type Open = { name: string; id: string };
export const tokenOf = ({ name, id }: Open): string => `${name}.${id}`;
export const openOf = ({ token }: Upload): Open => {
  const dot = token.indexOf(".");
  return { name: token.slice(0, dot), id: token.slice(dot + 1) };
};
/** The metadata's key. */
export const nameKey = "upload";

const about = ({ bucket }: Gcs, key: string, permission: string) => ({ permission, bucket, key });

export async function initiate(gcs: Gcs, key: string, name: string): Promise<string> {
  const headers = { "content-type": "application/octet-stream", [`x-goog-meta-${nameKey}`]: name };
  // Not stopped by any signal: an upload whose id never arrived cannot be aborted.
  const answer = await ask(gcs, { method: "POST", url: xmlUrl(gcs, key, { uploads: "" }), headers, body: "" });
  const what = about(gcs, key, "storage.multipartUploads.create");
  if (answer.status !== 200) throw translate(answer, what);
  const id = textIn(answer.text, "UploadId");
  if (id) return id;
  throw notUnderstood(what);
}

/** Throws {@link UploadGone}. The server compares the MD5 before it takes the part. */
export async function sendPart(gcs: Gcs, upload: Upload, n: number, bytes: Uint8Array, signal: AbortSignal): Promise<Part> {
  const md5 = createHash("md5").update(bytes).digest();
  const url = xmlUrl(gcs, upload.key, { partNumber: n, uploadId: openOf(upload).id });
  const answer = await ask(gcs, { method: "PUT", url, headers: { "content-md5": md5.toString("base64") }, body: bytes, signal });
  const what = about(gcs, upload.key, "storage.multipartUploads.create");
  if (answer.status !== 200) throw translate(answer, what);
  const { etag } = answer.headers;
  if (etag === undefined) throw notUnderstood(what);
  return { n, bytes: bytes.length, etag: bare(etag), sums: { ...crc32cIn(answer), md5: md5.toString("hex") } };
}

/** Of what the server stored: `x-goog-hash: crc32c=…,md5=…`, or one header for each, which Node joins. */
function crc32cIn({ headers }: Answer): { crc32c?: string } {
  const [, base64] = /\bcrc32c=([A-Za-z0-9+/=]+)/.exec(String(headers["x-goog-hash"] ?? "")) ?? [];
  return base64 === undefined ? {} : { crc32c: Buffer.from(base64, "base64").toString("hex") };
}

/** A listing has no digests, but no part gets there without one, see {@link sendPart}. */
export async function* listParts(gcs: Gcs, upload: Upload): AsyncIterable<Part> {
  let after: string | undefined;
  do {
    const url = xmlUrl(gcs, upload.key, { uploadId: openOf(upload).id, "max-parts": gcs.page, "part-number-marker": after });
    const answer = await ask(gcs, { method: "GET", url });
    if (answer.status !== 200) throw translate(answer, about(gcs, upload.key, "storage.multipartUploads.listParts"));
    for (const part of elements(answer.text, "Part")) {
      const [n, bytes, etag = ""] = [textIn(part, "PartNumber"), textIn(part, "Size"), textIn(part, "ETag")];
      yield { n: Number(n), bytes: Number(bytes), etag: bare(etag), sums: {}, checked: true };
    }
    after = textIn(answer.text, "IsTruncated") === "true" ? textIn(answer.text, "NextPartNumberMarker") : undefined;
  } while (after !== undefined);
}

/** "Can take several minutes", during which no byte moves: https://docs.cloud.google.com/storage/docs/xml-api/post-object-complete */
const completePatience = 10 * 60_000;

/** Any answer. An error that comes after the answer had begun as a good one is made a bad one. */
export async function complete(gcs: Gcs, upload: Upload, parts: readonly Part[]): Promise<Answer> {
  const listed = parts.map(({ n, etag }) => `<Part><PartNumber>${n}</PartNumber><ETag>${escaped(`"${bare(etag)}"`)}</ETag></Part>`);
  const answer = await ask(gcs, {
    method: "POST",
    url: xmlUrl(gcs, upload.key, { uploadId: openOf(upload).id }),
    headers: { "content-type": "application/xml" },
    body: `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`,
    patience: completePatience,
  });
  return answer.status === 200 && elements(answer.text, "Error").length > 0 ? { ...answer, status: 500, lost: true } : answer;
}

/** Twice is harmless. */
export async function abort(gcs: Gcs, upload: Upload): Promise<void> {
  const answer = await ask(gcs, { method: "DELETE", url: xmlUrl(gcs, upload.key, { uploadId: openOf(upload).id }) });
  if (answer.status !== 204 && answer.status !== 404) throw translate(answer, about(gcs, upload.key, "storage.multipartUploads.abort"));
}

const bare = (etag: string): string => etag.replaceAll('"', "");
