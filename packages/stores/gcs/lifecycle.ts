import type { Lifecycle } from "@holdfast/core";

type Condition = { daysSinceCustomTime?: number; age?: number; matchesPrefix?: string[]; matchesSuffix?: string[] };
export type GcsRule = { action: { type: string; storageClass?: string }; condition: Condition };

/** Billed for so many days at least: https://docs.cloud.google.com/storage/docs/storage-classes. All are read at once. */
const classes = [
  { storageClass: "ARCHIVE", days: 365 },
  { storageClass: "COLDLINE", days: 90 },
] as const;

/**
 * https://docs.cloud.google.com/storage/docs/lifecycle. The mark of an object is its own expiry date, Custom-Time, so one rule serves every keep. No
 * rule sees a tier: artifacts move to a cheaper class only where whatever is that old then stays long enough for it.
 */
export function gcsLifecycle({ releases, archived, archiveAfterDays, abortUploadDays }: Lifecycle): { rule: GcsRule[] } {
  const longer = releases.filter((days) => days > archiveAfterDays);
  const cheaper = archived.length > 0 ? classes.find(({ days }) => longer.every((each) => each - archiveAfterDays >= days)) : undefined;
  return {
    rule: [
      { action: { type: "Delete" }, condition: { daysSinceCustomTime: 0 } },
      { action: { type: "AbortIncompleteMultipartUpload" }, condition: { age: abortUploadDays } },
      ...(cheaper
        ? [
            {
              action: { type: "SetStorageClass", storageClass: cheaper.storageClass },
              condition: { age: archiveAfterDays, matchesPrefix: ["backups/"], matchesSuffix: [".age"] },
            },
          ]
        : []),
    ],
  };
}
