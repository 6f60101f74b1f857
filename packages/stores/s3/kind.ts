import type { Right, StoreKind } from "@holdfast/core";
import { z } from "zod";

const loopback = new Set(["127.0.0.1", "localhost", "[::1]"]);
const endpoint = z
  .url({ protocol: /^https?$/, abort: true })
  .refine((url) => /^https:/i.test(url) || loopback.has(URL.parse(url)?.hostname ?? ""), "an endpoint other than this machine needs https");

const config = z
  .strictObject({
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name: 3 to 63 lower-case letters, digits, hyphens, dots"),
    /** Undefined: the plan's region. */
    region: z.string().min(1).optional(),
    /** An S3-compatible store that is not AWS. */
    endpoint: endpoint.optional(),
    /** The name of a secret that holds `{"accessKeyId", "secretAccessKey"}`. Undefined: the role that runs. */
    credentials: z.string().min(1).optional(),
    /**
     * Sent with every part and checked by the store, which keeps it for the whole object. `none` is for stores that refuse checksum headers;
     * AWS takes nothing without one into a bucket with Object Lock.
     */
    checksum: z.enum(["crc32", "crc64nvme", "none"]).default("crc32"),
    /** False for stores that have no versions (R2): an object's version is then its ETag. */
    versions: z.boolean().default(true),
    /** Whether the store has Object Lock. Undefined: AWS has, others have not. */
    locks: z.boolean().optional(),
    /** Whether the store has archive classes that thaw. Undefined: AWS has, others have not. */
    archive: z.boolean().optional(),
    /** Where they are tighter than those of AWS: Scaleway takes 1,000 parts, R2 equal ones only. */
    limits: z
      .strictObject({
        maxParts: z.int().positive(),
        maxPart: z.int().positive(),
        maxObject: z.int().positive(),
        equalParts: z.boolean(),
      })
      .partial()
      .default({}),
  })
  .refine(
    ({ endpoint, credentials }) => endpoint === undefined || credentials !== undefined,
    "an endpoint needs credentials: the role's own would be signed into requests to a stranger",
  );
export type S3Config = z.infer<typeof config>;

type Actions = { bucket: string[]; objects: string[] };
/**
 * What AWS checks for the calls behind each port, from the Service Authorization Reference for S3. Ports name versions wherever they know
 * them, hence the *Version* actions. `s3:ListBucket` makes a missing object answer 404 instead of 403. Writers list to settle a write whose
 * answer was lost, since they may not read.
 */
const versioned: Record<Right, Actions> = {
  read: {
    bucket: ["s3:ListBucket"],
    objects: ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:GetObjectRetention"],
  },
  list: { bucket: ["s3:ListBucketVersions"], objects: [] },
  create: { bucket: ["s3:ListBucketVersions"], objects: ["s3:PutObject", "s3:AbortMultipartUpload"] },
  ranges: { bucket: ["s3:ListBucketVersions"], objects: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"] },
  mark: {
    bucket: [],
    objects: ["s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging", "s3:GetObjectRetention", "s3:PutObjectRetention"],
  },
  thaw: { bucket: [], objects: ["s3:RestoreObject"] },
};

export const s3: StoreKind<S3Config> = {
  name: "s3",
  config,
  expires: true,
  needs(rights, { bucket, endpoint, credentials, versions }) {
    const secrets = credentials === undefined ? [] : [credentials];
    if (endpoint !== undefined) return { secrets, allow: [] };
    const needed = (on: keyof Actions) =>
      [...new Set(rights.flatMap((right) => versioned[right][on].map(versions ? String : plain)))].sort();
    const allow = [
      { actions: needed("bucket"), resources: [`arn:aws:s3:::${bucket}`] },
      { actions: needed("objects"), resources: [`arn:aws:s3:::${bucket}/*`] },
    ];
    return { secrets, allow: allow.filter(({ actions }) => actions.length > 0) };
  },
};

/** The action for the same call without a version. */
const plain = (action: string): string => action.replace("ObjectVersion", "Object").replace("BucketVersions", "Bucket");
