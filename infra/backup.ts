import { hasFiles } from "@holdfast/core";
import { allow, lambda } from "./lambda.ts";
import { type Deployment, folderOf, kindOf, logical } from "./deployment.ts";
import { entry } from "./entry.ts";
import type { Keys } from "./keys.ts";
import type { Layers } from "./layers.ts";
import type { Databases } from "./lookup.ts";
import { role, type Statement } from "./role.ts";

/** One Lambda a source, each with its own role and schedule. It can add to its own backups and read none. */
export function backup(
  d: Deployment,
  at: { bucket: aws.s3.Bucket; keys: Keys; topic: aws.sns.Topic; layers: Layers; databases: Databases },
): Record<string, sst.aws.Function> {
  const made: Record<string, sst.aws.Function> = {};
  for (const source of Object.values(d.plan.sources)) {
    const name = `backup-${source.name}`;
    const own = $interpolate`${at.bucket.arn}/backups/${source.name}/*`;
    const kind = kindOf(d, source.kind);
    // What is begun and finished later can end for good without a backup, which is recorded.
    const losses = kind.hints ? `evidence/lost/${source.name}/*` : undefined;
    const fn = lambda(d, name, {
      handler: entry(name, (from) => [
        `import { backupFunction } from ${from("functions/backup.ts")};`,
        `import { kind } from ${from(`${folderOf(d, source.kind)}/kind.ts`)};`,
        `import { capture } from ${from(`${folderOf(d, source.kind)}/capture.ts`)};`,
        `const source = ${JSON.stringify({ name: source.name, schedule: source.schedule, offlineKeys: d.plan.offlineKeys })};`,
        `export const handler = backupFunction(source, ${JSON.stringify(source.config)}, kind, capture);`,
      ]),
      memory: "1769 MB",
      timeout: "15 minutes",
      needs: kind.needs("capture", source.config),
      resource: at.databases.get(source.name)?.resource,
      layers: at.layers,
      onFailure: at.topic.arn,
      environment: {
        HOLDFAST_BUCKET: at.bucket.bucket,
        HOLDFAST_ENVELOPE_KEY: at.keys.envelope,
        HOLDFAST_SIGNING_KEY: at.keys.manifest.arn,
        HOLDFAST_SIGNING_PEM: at.keys.manifest.pem,
      },
      statements: [
        { sid: "AddToOwnBackups", actions: ["s3:PutObject"], resources: [own] },
        ...(hasFiles(kind) ? [{ sid: "AbortOwnUploads", actions: ["s3:AbortMultipartUpload"], resources: [own] }] : []),
        {
          sid: "ListOwnBackups",
          actions: ["s3:ListBucketVersions"],
          resources: [at.bucket.arn],
          conditions: { StringLike: { "s3:prefix": [`backups/${source.name}/*`, ...(losses ? [losses] : [])] } },
        },
        ...(losses ? [{ sid: "RecordLosses", actions: ["s3:PutObject"], resources: [$interpolate`${at.bucket.arn}/${losses}`] }] : []),
        ...(hasFiles(kind) ? [wrapFileKeys(at.keys, source.name)] : []),
        { sid: "SignManifest", actions: ["kms:Sign"], resources: [at.keys.manifest.arn] },
      ],
    });
    schedule(d, name, source.schedule, fn);
    for (const [i, pattern] of (kind.hints?.(source.config) ?? []).entries()) hint(d, `${name}-hint-${i}`, pattern, fn);
    made[source.name] = fn;
  }
  return made;
}

const wrapFileKeys = (keys: Keys, source: string): Statement => ({
  sid: "WrapFileKeys",
  actions: ["kms:Encrypt"],
  resources: [keys.envelope],
  conditions: { StringEquals: { "kms:EncryptionContext:source": source } },
});

/** An event which hints that something pending has finished asks the function to look. Losing it is harmless: `watch` looks too. */
function hint(d: Deployment, name: string, pattern: object, fn: sst.aws.Function): void {
  const rule = new aws.cloudwatch.EventRule(logical(name, "rule"), { name: d.name(name), eventPattern: $jsonStringify(pattern) });
  new aws.cloudwatch.EventTarget(logical(name, "target"), { rule: rule.name, arn: fn.arn, input: JSON.stringify({ finish: true }) });
  allow(name, fn, "events.amazonaws.com", rule.arn);
}

/** The moment that a run is for travels in its input, so that a late delivery or a retry backs up the same slot. */
export function schedule(d: Deployment, name: string, expression: string, fn: sst.aws.Function): void {
  const starter = role(d, `${name}-starter`, "scheduler.amazonaws.com", [
    { sid: "StartFunction", actions: ["lambda:InvokeFunction"], resources: [fn.arn] },
  ]);
  new aws.scheduler.Schedule(logical(name, "schedule"), {
    name: d.name(name),
    scheduleExpression: expression,
    scheduleExpressionTimezone: "UTC",
    flexibleTimeWindow: { mode: "OFF" },
    target: {
      arn: fn.arn,
      roleArn: starter.arn,
      input: JSON.stringify({ scheduled: "<aws.scheduler.scheduled-time>" }),
      retryPolicy: { maximumRetryAttempts: 3, maximumEventAgeInSeconds: 3600 },
    },
  });
}
