import { standingKeys, watchedSource } from "@holdfast/core";
import { schedule } from "./backup.ts";
import { type Deployment, logical } from "./deployment.ts";
import { entry } from "./entry.ts";
import type { Keys } from "./keys.ts";
import { lambda, secretArn } from "./lambda.ts";
import type { Consumer } from "./queue.ts";

/** Two missed looks in a row are a breach; one may be a slow one. */
const periodSeconds = 900;

/** Looks at every source each quarter of an hour, publishes ages, of standing keys too, and replays what events lost; an alarm a source and a store, on which silence is a breach. */
export function watch(
  d: Deployment,
  at: {
    bucket: aws.s3.Bucket;
    keys: Keys;
    topic: aws.sns.Topic;
    backups: Record<string, sst.aws.Function>;
    verifiers: Record<string, Consumer>;
    copiers: Record<string, Consumer>;
  },
): void {
  const name = "watch";
  const sources = Object.values(d.plan.sources).map((source) => watchedSource(d.plan, source, d.lists));
  const keys = standingKeys(d.plan, d.lists);
  const consumers = {
    ...Object.fromEntries(Object.entries(at.verifiers).map(([kind, consumer]) => [`verify-${kind}`, consumer])),
    ...Object.fromEntries(Object.entries(at.copiers).map(([store, consumer]) => [`copy-${store}`, consumer])),
  };
  const functions = Object.fromEntries(Object.keys(at.backups).map((source) => [source, d.name(`backup-${source}`)]));
  const fn = lambda(d, name, {
    handler: entry(name, (from) => [
      `import { watchFunction } from ${from("functions/watch.ts")};`,
      `export const handler = watchFunction(${JSON.stringify({ project: d.plan.project, stage: d.stage, sources, functions, keys })});`,
    ]),
    memory: "512 MB",
    timeout: "5 minutes",
    onFailure: at.topic.arn,
    environment: {
      HOLDFAST_BUCKET: at.bucket.bucket,
      HOLDFAST_KEYS: $jsonStringify([at.keys.manifest.pem, at.keys.proof.pem]),
      HOLDFAST_QUEUES: $jsonStringify(Object.fromEntries(Object.entries(consumers).map(([name, { queue }]) => [name, queue.url]))),
    },
    statements: [
      {
        sid: "ListBackupsAndEvidence",
        actions: ["s3:ListBucketVersions"],
        resources: [at.bucket.arn],
        conditions: { StringLike: { "s3:prefix": ["backups/*", "evidence/*", "keys/*"] } },
      },
      { sid: "PublishKeys", actions: ["s3:PutObject"], resources: [$interpolate`${at.bucket.arn}/keys/*`] },
      {
        sid: "PublishAges",
        actions: ["cloudwatch:PutMetricData"],
        resources: ["*"],
        conditions: { StringEquals: { "cloudwatch:namespace": "Holdfast" } },
      },
      ...(keys.length > 0
        ? [
            {
              sid: "LookAtKeys",
              actions: ["secretsmanager:ListSecretVersionIds"],
              resources: keys.flatMap(({ secrets }) => secrets.map((secret) => secretArn(d, secret))),
            },
          ]
        : []),
      { sid: "ReplayEvents", actions: ["sqs:SendMessage"], resources: Object.values(consumers).map(({ queue }) => queue.arn) },
      { sid: "ReplaySlot", actions: ["lambda:InvokeFunction"], resources: Object.values(at.backups).map((backup) => backup.arn) },
    ],
  });
  schedule(d, name, "rate(15 minutes)", fn);
  for (const source of sources)
    alarm(d, at.topic, ["age", source.name], {
      alarmDescription: `The newest backup of ${source.name} that is verified${source.copies?.length ? " and copied" : ""} is older than ${source.alarmHours} hours, or nobody looked. Run: holdfast status`,
      metricName: "VerifiedBackupAge",
      dimensions: { Source: source.name },
      threshold: source.alarmHours * 3600,
    });
  for (const { store, secrets, days } of keys)
    alarm(d, at.topic, ["keys", store], {
      alarmDescription: `A standing key of the store ${store} is older than ${days} days, or nobody could look. Make a new one there, write it into ${secrets.join(", ")}, and revoke the old one.`,
      metricName: "StoreKeyAge",
      dimensions: { Store: store },
      threshold: days * 86_400,
    });
}

type Alarm = { alarmDescription: string; metricName: string; dimensions: Record<string, string>; threshold: number };
function alarm(d: Deployment, topic: aws.sns.Topic, name: [string, string], { dimensions, ...rest }: Alarm): void {
  new aws.cloudwatch.MetricAlarm(logical("alarm", ...name), {
    ...rest,
    name: d.name(...name),
    namespace: "Holdfast",
    dimensions: { Project: d.plan.project, Stage: d.stage, ...dimensions },
    statistic: "Maximum",
    period: periodSeconds,
    evaluationPeriods: 2,
    datapointsToAlarm: 2,
    comparisonOperator: "GreaterThanThreshold",
    treatMissingData: "breaching",
    alarmActions: [topic.arn],
    okActions: [topic.arn],
  });
}
