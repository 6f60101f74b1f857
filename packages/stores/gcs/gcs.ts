import type { Limits, Store } from "@holdfast/core";
import { mebibyte } from "../partsize.ts";
import type { Access } from "./access.ts";
import { pause } from "./backoff.ts";
import type { Gcs, Hosts, Line } from "./call.ts";
import { gcsCreate } from "./create.ts";
import { sender } from "./http.ts";
import { gcsList } from "./list.ts";
import { gcsMark } from "./mark.ts";
import { gcsRanges } from "./ranges.ts";
import { gcsRead } from "./read.ts";

export type GcsOptions = {
  bucket: string;
  access: Access;
  /** See {@link GcsConfig}. */
  locks?: boolean;
  limits?: Partial<Limits>;
  /** Bytes of a piece of create(), of which two are in memory, and of a part where nothing asks for larger ones. */
  part?: number;
  /** Keys that a listing asks for at once, 1,000 at most. */
  page?: number;
};

/** https://docs.cloud.google.com/storage/quotas#objects and #multipart */
const googlesLimits: Limits = {
  minPart: 5 * mebibyte,
  maxPart: 5 * 1024 * mebibyte,
  maxParts: 10_000,
  maxObject: 5 * 1024 * 1024 * mebibyte,
  equalParts: false,
  sum: "crc32c",
};
/**
 * Pieces of a resumable upload wait for each other's answer, some 100 ms: at a function's 75 MB/s a piece of 8 MiB would wait as long as it
 * is on its way, one of 32 a fifth. Two of them fit 256 MiB beside all else.
 */
const preferredPart = 32 * mebibyte;
/** The most that Google answers. */
const keysInPage = 1_000;

/** Google's own addresses, or one server's that stands for all of them. */
export function hostsOf(storage = "https://storage.googleapis.com", all = false): Hosts {
  const origin = storage.replace(/\/+$/, "");
  if (all) return { storage: origin, sts: origin, iam: origin, oauth: origin };
  return {
    storage: origin,
    sts: "https://sts.googleapis.com",
    iam: "https://iamcredentials.googleapis.com",
    oauth: "https://oauth2.googleapis.com",
  };
}

export const lineTo = (hosts: Hosts): Line => ({ send: sender(), pause, hosts });

/**
 * A bucket of Google Cloud Storage as a {@link Store}, over plain REST: the JSON API, and the XML API for uploads in parts, which the other
 * one has not. Why not its packages: docs/decisions/012-gcs-by-its-rest-api.md.
 */
export function gcsStore(line: Line, options: GcsOptions): Store {
  const gcs: Gcs = {
    ...line,
    access: options.access,
    bucket: options.bucket,
    limits: { ...googlesLimits, ...options.limits },
    part: options.part ?? preferredPart,
    page: options.page ?? keysInPage,
  };
  return {
    read: gcsRead(gcs),
    list: gcsList(gcs),
    create: gcsCreate(gcs),
    ranges: gcsRanges(gcs),
    mark: gcsMark(gcs, options.locks ?? true),
  };
}
