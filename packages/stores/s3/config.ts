import { perUse } from "@holdfast/core";
import { z } from "zod";

const loopback = new Set(["127.0.0.1", "localhost", "[::1]"]);
export const isLoopback = (url: string): boolean => loopback.has(URL.parse(url)?.hostname ?? "");
const endpoint = z
  .url({ protocol: /^https?$/, abort: true })
  .refine((url) => /^https:/i.test(url) || isLoopback(url), "an endpoint other than this machine needs https");

export const config = z
  .strictObject({
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name: 3 to 63 lower-case letters, digits, hyphens, dots"),
    /** Undefined: the plan's region. */
    region: z.string().min(1).optional(),
    /** An S3-compatible store that is not AWS. */
    endpoint: endpoint.optional(),
    /** The name of a secret that holds `{"accessKeyId", "secretAccessKey"}`, one for each use or one for all. Undefined: the role that runs. */
    credentials: perUse(z.string().min(1)).optional(),
    /**
     * Sent with every part and checked by the store, which keeps it for the whole object. `none` is for stores that refuse checksum headers;
     * AWS takes nothing without one into a bucket with Object Lock.
     */
    checksum: z.enum(["crc32", "crc64nvme", "none"]).default("crc32"),
    /** False for stores that have no versions (R2): an object's version is then its ETag. */
    versions: z.boolean().default(true),
    /** Whether the store has Object Lock. Undefined: AWS has, others have not. */
    locks: z.boolean().optional(),
    /** Whether objects carry tags that lifecycle rules filter by. Undefined: all but Cloudflare's R2 have them. */
    marks: z.boolean().optional(),
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

/** AWS has Object Lock, others only where the plan says so. */
export const hasLocks = ({ locks, endpoint }: Pick<S3Config, "locks" | "endpoint">): boolean => locks ?? endpoint === undefined;
