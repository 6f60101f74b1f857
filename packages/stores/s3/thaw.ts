import { RestoreObjectCommand } from "@aws-sdk/client-s3";
import type { StoreThaw } from "@holdfast/core";
import { call, type S3 } from "./call.ts";
import { said } from "./errors.ts";

/** Answers that mean that nothing needs to be asked for. */
const settled: Record<string, "ready" | "thawing"> = {
  RestoreAlreadyInProgress: "thawing",
  ObjectAlreadyInActiveTierError: "ready",
  /** AWS for an object that was never archived: "Restore is not allowed for the object's current storage class". */
  InvalidObjectState: "ready",
};

/** Standard retrieval: 3 to 5 hours from Glacier, 12 from Deep Archive. */
export function s3Thaw(s3: S3): StoreThaw {
  return {
    thaw: (at, days) =>
      call(s3, "s3:RestoreObject", at.key, undefined, async (options) => {
        const RestoreRequest = { Days: days, GlacierJobParameters: { Tier: "Standard" as const } };
        const command = new RestoreObjectCommand({ Bucket: s3.bucket, Key: at.key, VersionId: at.version, RestoreRequest });
        try {
          const { $metadata } = await s3.client.send(command, options);
          return $metadata.httpStatusCode === 200 ? "ready" : "thawing";
        } catch (error) {
          const state = settled[said(error).name];
          if (state) return state;
          throw error;
        }
      }),
  };
}
