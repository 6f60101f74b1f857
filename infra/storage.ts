import { type Lifecycle, lifecycleOf } from "@holdfast/core";
import type { Deployment } from "./deployment.ts";

/** The primary store: versioned, locked, closed to the public, deleted from by lifecycle rules alone. */
export function storage(d: Deployment): aws.s3.Bucket {
  const lifecycle = lifecycleOf(Object.values(d.plan.sources).map((source) => source.keep));
  const bucket = new aws.s3.Bucket(
    "Backups",
    { bucket: $interpolate`${d.name("backups")}-${d.account}`, objectLockEnabled: true, forceDestroy: false },
    { retainOnDelete: d.keep, protect: d.keep },
  );
  const of = { bucket: bucket.bucket };
  const versioning = new aws.s3.BucketVersioning("BackupsVersioning", { ...of, versioningConfiguration: { status: "Enabled" } });
  const after = { dependsOn: [versioning] };
  new aws.s3.BucketObjectLockConfiguration(
    "BackupsLock",
    { ...of, rule: { defaultRetention: { mode: "COMPLIANCE", days: lifecycle.lockDays } } },
    after,
  );
  new aws.s3.BucketServerSideEncryptionConfiguration("BackupsEncryption", {
    ...of,
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
  new aws.s3.BucketPublicAccessBlock("BackupsPrivate", {
    ...of,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new aws.s3.BucketOwnershipControls("BackupsOwner", { ...of, rule: { objectOwnership: "BucketOwnerEnforced" } });
  new aws.s3.BucketLifecycleConfiguration("BackupsLifecycle", { ...of, rules: lifecycleRules(lifecycle) }, after);
  new aws.s3.BucketPolicy("BackupsPolicy", { ...of, policy: bucketPolicy(bucket.arn) });
  new aws.s3.BucketNotification("BackupsEvents", { ...of, eventbridge: true });
  return bucket;
}

type Rule = aws.types.input.s3.BucketLifecycleConfigurationRule;

/** {@link Lifecycle} in the words of the provider. */
export function lifecycleRules(lifecycle: Lifecycle): Rule[] {
  const release = lifecycle.releases.map(
    (days): Rule => ({
      id: `release-${days}d`,
      status: "Enabled",
      filter: { tag: { key: "release", value: `${days}d` } },
      expiration: { days },
    }),
  );
  const archive = lifecycle.archived.map(
    (tier): Rule => ({
      id: `archive-${tier}`,
      status: "Enabled",
      filter: { tag: { key: "tier", value: tier } },
      transitions: [{ days: lifecycle.archiveAfterDays, storageClass: "GLACIER" }],
    }),
  );
  return [
    ...release,
    ...archive,
    { id: "garbage", status: "Enabled", filter: { tag: { key: "garbage", value: "true" } }, expiration: { days: lifecycle.garbageDays } },
    {
      id: "housekeeping",
      status: "Enabled",
      filter: { prefix: "" },
      abortIncompleteMultipartUpload: { daysAfterInitiation: lifecycle.abortUploadDays },
      noncurrentVersionExpiration: { noncurrentDays: lifecycle.noncurrentDays },
      expiration: { expiredObjectDeleteMarker: true },
    },
  ];
}

/** Lifecycle is no principal, so a deny for everybody leaves it as the only way to delete. Writes are create-if-absent for everybody too. */
function bucketPolicy(arn: $util.Output<string>): $util.Output<string> {
  const objects = $interpolate`${arn}/*`;
  const deny = (Sid: string, Action: string | string[], Resource: $util.Input<string> | $util.Input<string>[], Condition?: object) => ({
    Sid,
    Effect: "Deny",
    Principal: "*",
    Action,
    Resource,
    ...(Condition ? { Condition } : {}),
  });
  return $jsonStringify({
    Version: "2012-10-17",
    Statement: [
      deny("NobodyDeletes", ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"], objects),
      deny("OnlyCreate", "s3:PutObject", objects, { Null: { "s3:if-none-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" } }),
      deny("NoCustomerKeys", "s3:PutObject", objects, { Null: { "s3:x-amz-server-side-encryption-customer-algorithm": "false" } }),
      deny("OnlyTls", "s3:*", [arn, objects], { Bool: { "aws:SecureTransport": "false" } }),
    ],
  });
}
