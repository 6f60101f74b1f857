import type { Right } from "@holdfast/core";
import { hasLocks, type S3Config } from "./config.ts";

type Actions = { bucket: string[]; objects: string[]; backups?: string[] };
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
  // Evidence and public keys are never deleted. What holds a version is asked for once its deletion was refused.
  delete: { bucket: [], objects: [], backups: ["s3:DeleteObjectVersion", "s3:GetObjectRetention"] },
  thaw: { bucket: [], objects: ["s3:RestoreObject"] },
};

export type Allowed = { actions: readonly string[]; resources: readonly string[] }[];
/**
 * What a role must be allowed, by its own policy and, in another account, by that of the bucket too. Stores other than AWS may ask for the right on
 * the tags of an object where AWS asks for that on those of a version (SeaweedFS does), so that both are named.
 */
export function allowedFor(rights: readonly Right[], store: Pick<S3Config, "bucket" | "versions" | "locks" | "endpoint">): Allowed {
  const { bucket, versions, endpoint } = store;
  const both = (action: string) => endpoint !== undefined && action.endsWith("Tagging");
  const named = (action: string) => (versions ? (both(action) ? [action, plain(action)] : [action]) : [plain(action)]);
  const has = (action: string) => hasLocks(store) || !action.endsWith("Retention");
  const needed = (on: keyof Actions) =>
    [...new Set(rights.flatMap((right) => (versioned[right][on] ?? []).filter(has).flatMap(named)))].sort();
  const allow = [
    { actions: needed("bucket"), resources: [`arn:aws:s3:::${bucket}`] },
    { actions: needed("objects"), resources: [`arn:aws:s3:::${bucket}/*`] },
    { actions: needed("backups"), resources: [`arn:aws:s3:::${bucket}/backups/*`] },
  ];
  return allow.filter(({ actions }) => actions.length > 0);
}

/** The action for the same call without a version. */
const plain = (action: string): string => action.replace("ObjectVersion", "Object").replace("BucketVersions", "Bucket");
