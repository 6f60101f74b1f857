import {
  GetObjectRetentionCommand,
  type ObjectLockRetention,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { LockShortened, type Ref, type StoreMark } from "@holdfast/core";
import { call, type S3 } from "./call.ts";
import { said } from "./errors.ts";
import { tags } from "./read.ts";
import { tagsOf } from "./stored.ts";

/** Marks are object tags, which lifecycle rules can filter by. The tag set is replaced, so nobody else's tags survive a mark. */
export function s3Mark(s3: S3, locks: boolean): StoreMark {
  const versionOf = (at: Ref) => ({ Bucket: s3.bucket, Key: at.key, ...(s3.versions ? { VersionId: at.version } : {}) });
  const mark: StoreMark = {
    marked: (at) => tags(s3, at),
    async mark(at, wanted) {
      const command = new PutObjectTaggingCommand({ ...versionOf(at), Tagging: { TagSet: tagsOf(wanted) } });
      await call(s3, "s3:PutObjectVersionTagging", at.key, undefined, (options) => s3.client.send(command, options));
    },
  };
  return locks ? { ...mark, lockUntil: (at, until) => lockUntil(s3, at, until) } : mark;
}

/** Compared before it is set, because not every store refuses to shorten a lock. Locks count in seconds: `until` is rounded up. */
async function lockUntil(s3: S3, at: Ref, until: Date): Promise<void> {
  const wanted = new Date(Math.ceil(until.getTime() / 1_000) * 1_000);
  const { RetainUntilDate: present, Mode } = await retention(s3, at);
  if (present && present > wanted)
    throw new LockShortened(`${at.key} is locked until ${present.toISOString()}`, "A lock can only be lengthened.");
  if (present?.getTime() === wanted.getTime() && Mode === "COMPLIANCE") return;
  const command = new PutObjectRetentionCommand({
    Bucket: s3.bucket,
    Key: at.key,
    VersionId: at.version,
    Retention: { Mode: "COMPLIANCE", RetainUntilDate: wanted },
  });
  await call(s3, "s3:PutObjectRetention", at.key, undefined, (options) => s3.client.send(command, options));
}

/** What locks one version: nothing, or until when. */
export async function retention(s3: S3, at: Ref): Promise<ObjectLockRetention> {
  const command = new GetObjectRetentionCommand({ Bucket: s3.bucket, Key: at.key, VersionId: at.version });
  return call(s3, "s3:GetObjectRetention", at.key, undefined, async (options) => {
    try {
      return (await s3.client.send(command, options)).Retention ?? {};
    } catch (error) {
      if (unlocked.has(said(error).name)) return {};
      throw error;
    }
  });
}

/** The second is SeaweedFS's answer for an object without a lock; on AWS it says that the bucket has none, and setting one fails with it. */
const unlocked = new Set(["NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"]);
