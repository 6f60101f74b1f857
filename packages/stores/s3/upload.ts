import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type Part, type Stored, UploadGone } from "@holdfast/core";
import { PartsMissing } from "../errors.ts";
import { call, type S3, saidAt } from "./call.ts";
import { causeOf, said } from "./errors.ts";
import { etagOfParts, settle } from "./settle.ts";
import { asFields, bare, sumsOf } from "./stored.ts";

/** The calls of one upload in parts. */
export type Open = { key: string; token: string };

/** Asks the SDK to compute a checksum and the store to check it. Buffers go with it in a header, never in a trailer, which not all stores know. */
export const checksumOf = ({ checksum }: S3): { ChecksumAlgorithm?: ChecksumAlgorithm } =>
  checksum === "none" ? {} : { ChecksumAlgorithm: checksum === "crc32" ? "CRC32" : "CRC64NVME" };
/** Digests of parts add up to one of the whole object, instead of a digest of digests. */
const ofWhole = ({ checksum }: S3) => (checksum === "none" ? {} : { ChecksumType: "FULL_OBJECT" as const });

export async function beginUpload(s3: S3, key: string): Promise<Open> {
  const command = new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key: key, ...checksumOf(s3), ...ofWhole(s3) });
  // Not stopped by any signal: an upload whose id never arrived cannot be aborted.
  const { UploadId } = await call(s3, "s3:PutObject", key, undefined, (options) => s3.client.send(command, options));
  return { key, token: UploadId ?? "" };
}

/** Throws {@link UploadGone}. */
export async function sendPart(s3: S3, { key, token }: Open, n: number, bytes: Uint8Array, signal: AbortSignal): Promise<Part> {
  const command = new UploadPartCommand({ Bucket: s3.bucket, Key: key, UploadId: token, PartNumber: n, Body: bytes, ...checksumOf(s3) });
  const answer = await call(s3, "s3:PutObject", key, signal, (options) => s3.client.send(command, options));
  return { n, bytes: bytes.length, etag: bare(answer.ETag), sums: sumsOf(answer) };
}

/** Makes the object, if there is none. What is in doubt is settled by the listing. */
export async function completeUpload(
  s3: S3,
  { key, token }: Open,
  parts: readonly Part[],
  options: { signal?: AbortSignal; repeated?: boolean },
): Promise<Stored> {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const command = new CompleteMultipartUploadCommand({
    Bucket: s3.bucket,
    Key: key,
    UploadId: token,
    IfNoneMatch: "*",
    MpuObjectSize: bytes,
    MultipartUpload: { Parts: parts.map(({ n, etag, sums }) => ({ PartNumber: n, ETag: etag, ...asFields(sums) })) },
    ...ofWhole(s3),
  });
  try {
    const answer = await s3.client.send(command, options.signal ? { abortSignal: options.signal } : {});
    const version = s3.versions ? (answer.VersionId ?? "null") : bare(answer.ETag);
    return { key, version, bytes, at: saidAt(answer), access: "now", sums: sumsOf(answer) };
  } catch (error) {
    if (notWhatItHolds.has(said(error).name))
      throw new PartsMissing(key, "the store holds other parts than these", { cause: causeOf(error) });
    return settle(s3, { key, bytes, etag: () => etagOfParts(parts.map(({ etag }) => etag)) }, error, options);
  }
}
const notWhatItHolds = new Set(["InvalidPart", "InvalidPartOrder"]);

/** Twice is harmless. */
export async function abortUpload(s3: S3, { key, token }: Open, signal?: AbortSignal): Promise<void> {
  const command = new AbortMultipartUploadCommand({ Bucket: s3.bucket, Key: key, UploadId: token });
  try {
    await call(s3, "s3:AbortMultipartUpload", key, signal, (options) => s3.client.send(command, options));
  } catch (error) {
    if (!(error instanceof UploadGone)) throw error;
  }
}
