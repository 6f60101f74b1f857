import type { S3Client } from "@aws-sdk/client-s3";
import type { Limits, Store } from "@holdfast/core";
import { mebibyte } from "../partsize.ts";
import { type Checksum, rememberDates, type S3 } from "./call.ts";
import { s3Create } from "./create.ts";
import { s3List } from "./list.ts";
import { s3Mark } from "./mark.ts";
import { paceBodies } from "./pace.ts";
import { s3Prune } from "./prune.ts";
import { s3Ranges } from "./ranges.ts";
import { s3Read } from "./read.ts";
import { s3Thaw } from "./thaw.ts";
import { leaveBodiesUnsigned } from "./unsigned.ts";

export type S3Options = {
  bucket: string;
  /** See {@link S3Config}. */
  checksum?: Checksum;
  versions?: boolean;
  locks?: boolean;
  archive?: boolean;
  limits?: Partial<Limits>;
  /** Bytes of a part where nothing asks for larger ones. */
  part?: number;
  /** Bytes that create() may hold in parts. A single part may be larger where an object could not be stored otherwise. */
  memory?: number;
  /** Keys that a listing asks for at once, 1,000 at most. */
  page?: number;
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const awsLimits: Omit<Limits, "sum"> = {
  minPart: 5 * mebibyte,
  maxPart: 5 * 1024 * mebibyte,
  maxParts: 10_000,
  maxObject: 50_000_000_000_000,
  equalParts: false,
};
/** Large enough for the throughput of S3, small enough that four of them cost little memory; some stores are slow with larger requests. */
const preferredPart = 8 * mebibyte;
/** The most that S3 answers. */
const keysInPage = 1_000;
/** What is left of 256 MiB beside Node, the SDK, compression and encryption, with room for garbage. */
const partsInMemory = 96 * mebibyte;

/**
 * A bucket of S3, or of a store that speaks its protocol, as a {@link Store}. The client is the caller's and gets three middlewares:
 * one remembers when the store answered, one keeps large bodies from being in memory twice, one from being hashed twice.
 */
export function s3Store(client: S3Client, options: S3Options): Store {
  const checksum = options.checksum ?? "crc32";
  rememberDates(client);
  paceBodies(client);
  leaveBodiesUnsigned(client);
  const s3: S3 = {
    client,
    bucket: options.bucket,
    checksum,
    versions: options.versions ?? true,
    limits: { ...awsLimits, sum: checksum === "none" ? "md5" : checksum, ...options.limits },
    part: options.part ?? preferredPart,
    memory: options.memory ?? partsInMemory,
    page: options.page ?? keysInPage,
  };
  return {
    read: s3Read(s3),
    list: s3List(s3),
    create: s3Create(s3),
    ranges: s3Ranges(s3),
    mark: s3Mark(s3, options.locks ?? true),
    prune: s3Prune(s3, options.locks ?? true),
    ...((options.archive ?? true) ? { thaw: s3Thaw(s3) } : {}),
  };
}
