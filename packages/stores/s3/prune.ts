import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { ObjectLocked, ObjectMissing, type Ref, StoreDenied, type StorePrune } from "@holdfast/core";
import { call, type S3 } from "./call.ts";
import { current } from "./list.ts";
import { retention } from "./mark.ts";

/**
 * With versions one is deleted for good, whatever stands above it. Without, the key is looked at by the listing first: a deletion on condition
 * that the ETag fits is known to AWS, which asks for the right to read for it, and not to R2
 * (https://developers.cloudflare.com/r2/api/s3/conditional-operations/).
 */
export function s3Prune(s3: S3, locks: boolean): StorePrune {
  return {
    async delete(at) {
      if (!s3.versions && (await current(s3, at.key))?.version !== at.version) return;
      const command = new DeleteObjectCommand({ Bucket: s3.bucket, Key: at.key, ...(s3.versions ? { VersionId: at.version } : {}) });
      try {
        await call(s3, "s3:DeleteObjectVersion", at.key, undefined, (options) => s3.client.send(command, options));
      } catch (error) {
        if (error instanceof ObjectMissing) return;
        throw error instanceof StoreDenied && locks ? await lockedOr(error, s3, at) : error;
      }
    },
  };
}

/** AWS denies what is locked in the words in which it denies what is not allowed. */
async function lockedOr(denied: StoreDenied, s3: S3, at: Ref): Promise<Error> {
  const { RetainUntilDate: until } = await retention(s3, at).catch(() => ({ RetainUntilDate: undefined }));
  return until ? new ObjectLocked(at.key, until, { cause: denied }) : denied;
}
