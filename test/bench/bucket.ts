import type { Store } from "@holdfast/core";
import { s3 } from "@holdfast/stores/s3/kind.ts";
import { open } from "@holdfast/stores/s3/open.ts";
import { nobody } from "../kit/identity.ts";
import type { Place } from "./job.ts";

/** A bucket of the S3-compatible store, as a function opens it. */
export async function openBucket({ endpoint, region, bucket, credentials }: Extract<Place, { bucket: string }>): Promise<Store> {
  const parsed = s3.config.parse({ endpoint, region, bucket, credentials: "bench" });
  const as = { identity: nobody, use: "copy", now: () => new Date() } as const;
  return open(parsed as Parameters<typeof open>[0], { ...as, secrets: async () => JSON.stringify(credentials), region });
}
