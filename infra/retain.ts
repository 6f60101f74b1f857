import { schedule } from "./backup.ts";
import { type Deployment, retained } from "./deployment.ts";
import { entry } from "./entry.ts";
import { lambda } from "./lambda.ts";
import { consume, objectCreated, queue, route } from "./queue.ts";

const timeoutMinutes = 5;

/** Marks what the tiers no longer want. It lists, marks and lengthens locks; it can neither read, write, decrypt nor delete. */
export function retain(d: Deployment, at: { bucket: aws.s3.Bucket; topic: aws.sns.Topic }): void {
  const name = "retain";
  const consumer = queue(d, name, timeoutMinutes * 60, at.topic);
  const sources = retained(d, Object.values(d.plan.sources));
  const objects = $interpolate`${at.bucket.arn}/backups/*`;
  const fn = lambda(d, name, {
    handler: entry(name, (from) => [
      `import { retainFunction } from ${from("functions/retain.ts")};`,
      `export const handler = retainFunction(${JSON.stringify(sources)});`,
    ]),
    memory: "512 MB",
    timeout: `${timeoutMinutes} minutes`,
    environment: { HOLDFAST_BUCKET: at.bucket.bucket },
    statements: [
      consumer.statement,
      {
        sid: "ListBackupsAndEvidence",
        actions: ["s3:ListBucketVersions"],
        resources: [at.bucket.arn],
        conditions: { StringLike: { "s3:prefix": ["backups/*", "evidence/*"] } },
      },
      {
        sid: "Mark",
        actions: ["s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging"],
        resources: [objects],
      },
      { sid: "LengthenLocks", actions: ["s3:GetObjectRetention", "s3:PutObjectRetention"], resources: [objects] },
    ],
  });
  consume(name, consumer, fn, 2);
  route(d, name, consumer, objectCreated(at.bucket.bucket, [{ prefix: "evidence/" }]));
  schedule(d, name, "rate(1 day)", fn);
}
