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

type Dialect = { marks: boolean; versions: boolean; longClass: string | undefined };
/**
 * As PutBucketLifecycleConfiguration takes it: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html.
 * `marks`: whether objects have tags to filter by; without, only what nobody marks is cleared away.
 * `longClass`: where long tiers go; one that is read at once, since a copy is wanted on the day when all else is gone. Undefined: they stay.
 */
export function s3Lifecycle(lifecycle: Lifecycle, { marks, versions, longClass }: Dialect) {
  const rule = (ID: string, Key: string, Value: string, rest: Partial<S3Rule>): S3Rule => ({
    ID,
    Status: "Enabled",
    Filter: { Tag: { Key, Value } },
    ...rest,
  });
  const { releases, archived, archiveAfterDays, garbageDays, noncurrentDays, abortUploadDays } = lifecycle;
  const byMark: S3Rule[] = [
    ...releases.map((Days) => rule(`release-${Days}d`, "release", `${Days}d`, { Expiration: { Days } })),
    ...(longClass === undefined ? [] : archived).map((tier) =>
      rule(`archive-${tier}`, "tier", tier, { Transitions: [{ Days: archiveAfterDays, StorageClass: longClass ?? "" }] }),
    ),
    rule("garbage", "garbage", "true", { Expiration: { Days: garbageDays } }),
  ];
  const Rules: S3Rule[] = [
    ...(marks ? byMark : []),
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
