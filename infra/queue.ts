import { type Deployment, logical } from "./deployment.ts";
import type { Statement } from "./role.ts";

export type Consumer = { queue: aws.sqs.Queue; statement: Statement };

/** Visibility six times the function's timeout, as AWS asks of event source mappings; four tries, then the dead-letter queue keeps it 14 days. */
const tries = 4;

/** One queue with a dead-letter queue, and its alarm, for one consumer; rules and `watch` put events in. */
export function queue(d: Deployment, name: string, timeoutSeconds: number, topic: aws.sns.Topic): Consumer {
  const dead = new aws.sqs.Queue(logical(name, "dead"), {
    name: d.name(name, "dead"),
    messageRetentionSeconds: 1_209_600,
    sqsManagedSseEnabled: true,
  });
  tellDead(d, name, dead, topic);
  const made = new aws.sqs.Queue(logical(name, "queue"), {
    name: d.name(name),
    visibilityTimeoutSeconds: 6 * timeoutSeconds,
    messageRetentionSeconds: 345_600,
    sqsManagedSseEnabled: true,
    redrivePolicy: $jsonStringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: tries }),
  });
  return {
    queue: made,
    statement: {
      sid: "TakeFromQueue",
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      resources: [made.arn],
    },
  };
}

/** What failed each time is told; the alarm ends when the queue is empty again. */
function tellDead(d: Deployment, name: string, dead: aws.sqs.Queue, topic: aws.sns.Topic): void {
  new aws.cloudwatch.MetricAlarm(logical("alarm", "dead", name), {
    name: d.name(name, "dead"),
    alarmDescription: $interpolate`${d.name(name)} failed at an event ${tries} times; its log says why. When that is mended: aws sqs start-message-move-task --source-arn ${dead.arn}`,
    namespace: "AWS/SQS",
    metricName: "ApproximateNumberOfMessagesVisible",
    dimensions: { QueueName: dead.name },
    statistic: "Maximum",
    period: 300,
    evaluationPeriods: 1,
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    treatMissingData: "notBreaching",
    alarmActions: [topic.arn],
    okActions: [topic.arn],
  });
}

/** Starts the function with one message at a time, at most `concurrency` of them at once. */
export function consume(name: string, { queue: from }: Consumer, fn: sst.aws.Function, concurrency: number): void {
  new aws.lambda.EventSourceMapping(logical(name, "mapping"), {
    eventSourceArn: from.arn,
    functionName: fn.name,
    batchSize: 1,
    scalingConfig: { maximumConcurrency: concurrency },
  });
}

/** Puts events that match the pattern into the queue. Events are hints: they come twice, late, out of order or never. */
export function route(d: Deployment, name: string, { queue: to }: Consumer, eventPattern: $util.Input<string>): void {
  const rule = new aws.cloudwatch.EventRule(logical(name, "rule"), { name: d.name(name), eventPattern });
  new aws.cloudwatch.EventTarget(logical(name, "target"), { rule: rule.name, arn: to.arn });
  new aws.sqs.QueuePolicy(logical(name, "queue", "policy"), {
    queueUrl: to.url,
    policy: $jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "OnlyThisRule",
          Effect: "Allow",
          Principal: { Service: "events.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: to.arn,
          Condition: { ArnEquals: { "aws:SourceArn": rule.arn } },
        },
      ],
    }),
  });
}

/** Objects created in the bucket whose key matches one of the filters. */
export const objectCreated = (bucket: $util.Input<string>, key: object[]): $util.Output<string> =>
  $jsonStringify({ source: ["aws.s3"], "detail-type": ["Object Created"], detail: { bucket: { name: [bucket] }, object: { key } } });
