import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type LifecycleRule,
} from "@aws-sdk/client-s3";
import { z } from "zod";
import { isRecord } from "../graph.ts";
import { type Applier, applier } from "./applier.ts";

const bucket = z.string();

const bucketApplier = applier({
  type: "aws:s3/bucket:Bucket",
  inputs: z.strictObject({ bucket: bucket.optional(), objectLockEnabled: z.boolean().optional() }),
  ignores: {
    forceDestroy: "nothing destroys a bucket here; the local AWS forgets everything when it stops",
    tags: "nothing reads a bucket's tags",
  },
  differs: ["Versioning of a bucket with locks can be suspended."],
  async make({ inputs, described, site }) {
    const { region } = site.place;
    await site.clients.s3.send(
      new CreateBucketCommand({
        Bucket: described.id,
        ObjectLockEnabledForBucket: inputs.objectLockEnabled,
        ...(region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: region as "eu-central-1" } }),
      }),
    );
    return { bucketDomainName: `${described.id}.s3.amazonaws.com`, region };
  },
});

const versioning = applier({
  type: "aws:s3/bucketVersioning:BucketVersioning",
  inputs: z.strictObject({ bucket, versioningConfiguration: z.strictObject({ status: z.enum(["Enabled", "Suspended"]) }) }),
  async make({ inputs, site }) {
    const { status } = inputs.versioningConfiguration;
    await site.clients.s3.send(new PutBucketVersioningCommand({ Bucket: inputs.bucket, VersioningConfiguration: { Status: status } }));
    return undefined;
  },
});

const objectLock = applier({
  type: "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
  inputs: z.strictObject({
    bucket,
    objectLockEnabled: z.literal("Enabled").optional(),
    rule: z.strictObject({
      defaultRetention: z.strictObject({
        mode: z.enum(["COMPLIANCE", "GOVERNANCE"]),
        days: z.number().optional(),
        years: z.number().optional(),
      }),
    }),
  }),
  async make({ inputs, site }) {
    const { mode, days, years } = inputs.rule.defaultRetention;
    await site.clients.s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket: inputs.bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: mode, Days: days, Years: years } } },
      }),
    );
    return undefined;
  },
});

const tag = z.strictObject({ key: z.string(), value: z.string() });
const lifecycleRule = z.strictObject({
  id: z.string(),
  status: z.enum(["Enabled", "Disabled"]),
  filter: z
    .strictObject({
      prefix: z.string().optional(),
      tag: tag.optional(),
      and: z.strictObject({ prefix: z.string().optional(), tags: z.record(z.string(), z.string()).optional() }).optional(),
    })
    .optional(),
  expiration: z.strictObject({ days: z.number().optional(), expiredObjectDeleteMarker: z.boolean().optional() }).optional(),
  transitions: z.array(z.strictObject({ days: z.number(), storageClass: z.enum(["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"]) })).optional(),
  noncurrentVersionExpiration: z.strictObject({ noncurrentDays: z.number(), newerNoncurrentVersions: z.number().optional() }).optional(),
  abortIncompleteMultipartUpload: z.strictObject({ daysAfterInitiation: z.number() }).optional(),
});

/** The provider's words in S3's own. */
function lifecycleRuleOf(rule: z.infer<typeof lifecycleRule>): LifecycleRule {
  const { filter, expiration, noncurrentVersionExpiration: noncurrent, abortIncompleteMultipartUpload: abort } = rule;
  const tags = Object.entries(filter?.and?.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  return {
    ID: rule.id,
    Status: rule.status,
    Filter: filter?.and
      ? { And: { Prefix: filter.and.prefix, Tags: tags } }
      : filter?.tag
        ? { Tag: { Key: filter.tag.key, Value: filter.tag.value } }
        : { Prefix: filter?.prefix ?? "" },
    Expiration: expiration && { Days: expiration.days, ExpiredObjectDeleteMarker: expiration.expiredObjectDeleteMarker },
    Transitions: rule.transitions?.map(({ days, storageClass }) => ({ Days: days, StorageClass: storageClass })),
    NoncurrentVersionExpiration: noncurrent && {
      NoncurrentDays: noncurrent.noncurrentDays,
      NewerNoncurrentVersions: noncurrent.newerNoncurrentVersions,
    },
    AbortIncompleteMultipartUpload: abort && { DaysAfterInitiation: abort.daysAfterInitiation },
  };
}

const lifecycle = applier({
  type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  inputs: z.strictObject({ bucket, rules: z.array(lifecycleRule) }),
  async make({ inputs, site }) {
    await site.clients.s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: inputs.bucket,
        LifecycleConfiguration: { Rules: inputs.rules.map(lifecycleRuleOf) },
      }),
    );
    return undefined;
  },
});

/** Plain http on loopback is all that the local AWS speaks, and a statement that denies plain http would deny everything. */
function withoutTlsStatements(policy: string): string {
  const document: { Statement: unknown[] } = JSON.parse(policy);
  const kept = document.Statement.filter((statement) => {
    const condition = isRecord(statement) && statement.Effect === "Deny" && isRecord(statement.Condition) ? statement.Condition : {};
    return !(Object.keys(condition).length === 1 && isRecord(condition.Bool) && String(condition.Bool["aws:SecureTransport"]) === "false");
  });
  return JSON.stringify({ ...document, Statement: kept });
}

const policy = applier({
  type: "aws:s3/bucketPolicy:BucketPolicy",
  inputs: z.strictObject({ bucket, policy: z.string() }),
  differs: ["A statement that denies requests without TLS is left out: the local AWS speaks plain http on loopback."],
  async make({ inputs, site }) {
    await site.clients.s3.send(new PutBucketPolicyCommand({ Bucket: inputs.bucket, Policy: withoutTlsStatements(inputs.policy) }));
    return undefined;
  },
});

const notification = applier({
  type: "aws:s3/bucketNotification:BucketNotification",
  inputs: z.strictObject({ bucket, eventbridge: z.literal(true) }),
  async make({ inputs, site }) {
    await site.clients.s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket: inputs.bucket, NotificationConfiguration: { EventBridgeConfiguration: {} } }),
    );
    return undefined;
  },
});

const encryption = applier({
  type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  inputs: z.strictObject({
    bucket,
    rules: z.array(z.strictObject({ applyServerSideEncryptionByDefault: z.strictObject({ sseAlgorithm: z.literal("AES256") }) })),
  }),
  differs: ["Nothing is encrypted at rest; the setting is stored."],
  async make({ inputs, site }) {
    const Rules = inputs.rules.map((rule) => ({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: rule.applyServerSideEncryptionByDefault.sseAlgorithm },
    }));
    await site.clients.s3.send(new PutBucketEncryptionCommand({ Bucket: inputs.bucket, ServerSideEncryptionConfiguration: { Rules } }));
    return undefined;
  },
});

const publicAccess = applier({
  type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  inputs: z.strictObject({
    bucket,
    blockPublicAcls: z.boolean().optional(),
    blockPublicPolicy: z.boolean().optional(),
    ignorePublicAcls: z.boolean().optional(),
    restrictPublicBuckets: z.boolean().optional(),
  }),
  async make({ inputs, site }) {
    await site.clients.s3.send(
      new PutPublicAccessBlockCommand({
        Bucket: inputs.bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: inputs.blockPublicAcls,
          BlockPublicPolicy: inputs.blockPublicPolicy,
          IgnorePublicAcls: inputs.ignorePublicAcls,
          RestrictPublicBuckets: inputs.restrictPublicBuckets,
        },
      }),
    );
    return undefined;
  },
});

const ownership = applier({
  type: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
  inputs: z.strictObject({
    bucket,
    rule: z.strictObject({ objectOwnership: z.enum(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]) }),
  }),
  async make({ inputs, site }) {
    await site.clients.s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: inputs.bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: inputs.rule.objectOwnership }] },
      }),
    );
    return undefined;
  },
});

/** SST uploads a function's zip to its own bucket and names it to Lambda; here the zip goes to the function directly. */
const code = applier({
  type: "aws:s3/bucketObjectv2:BucketObjectv2",
  inputs: z.strictObject({ bucket, key: z.string(), source: z.strictObject({ $archive: z.string() }) }),
  differs: ["The code of functions does not pass through SST's own bucket."],
  async make({ inputs, site }) {
    site.code.set(`${inputs.bucket}/${inputs.key}`, inputs.source.$archive);
    return undefined;
  },
});

export const s3: Applier[] = [
  bucketApplier,
  versioning,
  objectLock,
  lifecycle,
  policy,
  notification,
  encryption,
  publicAccess,
  ownership,
  code,
];
