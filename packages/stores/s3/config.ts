import { perUseOrPruned, usesOf } from "@holdfast/core";
import { z } from "zod";
import { federation, federationProblems } from "./keyless.ts";
import { isLoopback, placeOf, type Where } from "./place.ts";

const endpoint = z
  .url({ protocol: /^https?$/, abort: true })
  .refine((url) => /^https:/i.test(url) || isLoopback(url), "an endpoint other than this machine needs https");

const given = z
  .strictObject({
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name: 3 to 63 lower-case letters, digits, hyphens, dots"),
    /** Undefined: the plan's region; R2's is called auto. */
    region: z.string().min(1).optional(),
    /** An S3-compatible store that is not AWS. */
    endpoint: endpoint.optional(),
    /**
     * The name of a secret that holds `{"accessKeyId", "secretAccessKey"}`, one for each use or one for all. Undefined: the role that runs.
     * A store that is pruned has a use `prune` in the place of `mark`.
     */
    credentials: perUseOrPruned(z.string().min(1)).optional(),
    /** Instead, where the store takes a JWT of AWS for temporary keys: nothing to keep secret, and nothing to replace. */
    federation: federation.optional(),
    /**
     * Sent with every part and checked by the store, which keeps it for the whole object. `none` is for stores that refuse checksum headers;
     * AWS takes nothing without one into a bucket with Object Lock. Undefined: crc64nvme for R2, crc32 for all others.
     */
    checksum: z.enum(["crc32", "crc64nvme", "none"]).optional(),
    /** False for stores that have no versions: an object's version is then its ETag. Undefined: all but R2 have them. */
    versions: z.boolean().optional(),
    /** Whether the store has Object Lock. Undefined: AWS has, others have not. */
    locks: z.boolean().optional(),
    /** Whether objects carry tags that lifecycle rules filter by. Undefined: all but R2 have them. */
    marks: z.boolean().optional(),
    /** Whether the store has archive classes that thaw. Undefined: AWS has, others have not. */
    archive: z.boolean().optional(),
    /** Where they are tighter than those of AWS: Scaleway takes 1,000 parts. R2 takes equal ones only, which need not be said. */
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
    ({ endpoint, credentials, federation }) => endpoint === undefined || credentials !== undefined || federation !== undefined,
    "an endpoint needs federation or credentials: the role's own would be signed into requests to a stranger",
  )
  .superRefine((said, context) => {
    for (const [is, message] of federationProblems) if (is(said)) context.addIssue({ code: "custom", path: ["federation"], message });
  });

type Dialect = { region: string | undefined; checksum: "crc32" | "crc64nvme"; versions: boolean; limits: { equalParts?: boolean } };
const usual: Dialect = { region: undefined, checksum: "crc32", versions: true, limits: {} };
/**
 * Cloudflare's R2: one region, no versions, parts of one size, and digests of the whole object by CRC64NVME alone
 * (https://developers.cloudflare.com/r2/api/s3/api/, https://developers.cloudflare.com/r2/objects/upload-objects/).
 */
const r2: Dialect = { region: "auto", checksum: "crc64nvme", versions: false, limits: { equalParts: true } };

export const config = given.transform((said) => {
  const { region: called, ...of } = placeOf(said, "").cloud === "cloudflare" ? r2 : usual;
  const { region = called, checksum = of.checksum, versions = of.versions, limits, ...rest } = said;
  return { ...rest, ...(region === undefined ? {} : { region }), checksum, versions, limits: { ...of.limits, ...limits } };
});
export type S3Config = z.infer<typeof config>;

/** AWS has Object Lock, others only where the plan says so. */
export const hasLocks = ({ locks, endpoint }: Pick<S3Config, "locks" | "endpoint">): boolean => locks ?? endpoint === undefined;
/** All but R2 have tags that their rules filter by. One without is pruned by a function, or gets no copies. */
export const hasMarks = ({ marks, endpoint, region }: Where & { marks?: boolean | undefined }): boolean =>
  marks ?? placeOf({ endpoint, region }, "").cloud !== "cloudflare";
/** What roles are there for in such a store. */
export const usesIn = (store: Where & { marks?: boolean | undefined }) => usesOf({ prune: !hasMarks(store) });
