import { createHash, randomUUID } from "node:crypto";
import type { Stored } from "@holdfast/core";
import { ask, type Gcs, uploadUrl } from "./call.ts";
import { made, settle } from "./settle.ts";

/**
 * A body in one request, made only if there is none: https://docs.cloud.google.com/storage/docs/uploading-objects#rest-upload-objects,
 * "JSON API multipart", since that one takes the MD5 that the server compares before it makes the object.
 */
export async function putWhole(gcs: Gcs, key: string, bytes: Uint8Array, signal: AbortSignal): Promise<Stored> {
  const md5Hash = createHash("md5").update(bytes).digest("base64");
  const border = `holdfast-${randomUUID()}`;
  const head = JSON.stringify({ name: key, md5Hash, contentType });
  const body = Buffer.concat([
    Buffer.from(
      `--${border}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${head}\r\n--${border}\r\ncontent-type: ${contentType}\r\n\r\n`,
    ),
    bytes,
    Buffer.from(`\r\n--${border}--\r\n`),
  ]);
  const answer = await ask(gcs, {
    method: "POST",
    url: uploadUrl(gcs, { uploadType: "multipart", ifGenerationMatch: 0 }),
    headers: { "content-type": `multipart/related; boundary=${border}` },
    body,
    signal,
  });
  if (answer.status === 200) return made(gcs, key, answer);
  const isOurs = (found: { md5Hash?: string | undefined }) => found.md5Hash === md5Hash;
  return settle(gcs, { key, bytes: bytes.length, isOurs }, answer, "storage.objects.create", signal);
}

const contentType = "application/octet-stream";
