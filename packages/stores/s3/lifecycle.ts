import type { Lifecycle } from "@holdfast/core";

export type S3Rule = {
  ID: string;
  Status: "Enabled";
  Filter: { Tag: { Key: string; Value: string } } | { Prefix: string };
  Expiration?: { Days: number } | { ExpiredObjectDeleteMarker: true };
  Transitions?: { Days: number; StorageClass: string }[];
  NoncurrentVersionExpiration?: { NoncurrentDays: number };
  AbortIncompleteMultipartUpload?: { DaysAfterInitiation: number };
};

/**
 * As PutBucketLifecycleConfiguration takes it: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html.
 * `longClass`: where long tiers go; one that is read at once, since a copy is wanted on the day when all else is gone. Undefined: they stay.
 */
export function s3Lifecycle(lifecycle: Lifecycle, { versions, longClass }: { versions: boolean; longClass: string | undefined }) {
  const rule = (ID: string, Key: string, Value: string, rest: Partial<S3Rule>): S3Rule => ({
    ID,
    Status: "Enabled",
    Filter: { Tag: { Key, Value } },
    ...rest,
  });
  const { releases, archived, archiveAfterDays, garbageDays, noncurrentDays, abortUploadDays } = lifecycle;
  const Rules: S3Rule[] = [
    ...releases.map((Days) => rule(`release-${Days}d`, "release", `${Days}d`, { Expiration: { Days } })),
    ...(longClass === undefined ? [] : archived).map((tier) =>
      rule(`archive-${tier}`, "tier", tier, { Transitions: [{ Days: archiveAfterDays, StorageClass: longClass ?? "" }] }),
    ),
    rule("garbage", "garbage", "true", { Expiration: { Days: garbageDays } }),
    {
      ID: "housekeeping",
      Status: "Enabled",
      Filter: { Prefix: "" },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortUploadDays },
      ...(versions
        ? { NoncurrentVersionExpiration: { NoncurrentDays: noncurrentDays }, Expiration: { ExpiredObjectDeleteMarker: true as const } }
        : {}),
    },
  ];
  return { Rules };
}
