import { type Deployment, logical } from "./deployment.ts";
import { objectCreated } from "./queue.ts";

/** Where people are told: broken or doubtful backups, failed runs, alarms, restores that wait for approval or ended. */
export function notice(d: Deployment, bucket: aws.s3.Bucket): aws.sns.Topic {
  const topic = new aws.sns.Topic("Notice", { name: d.name("notice") });
  new aws.sns.TopicPolicy("NoticePolicy", {
    arn: topic.arn,
    policy: $jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "AlarmsAndRules",
          Effect: "Allow",
          Principal: { Service: ["cloudwatch.amazonaws.com", "events.amazonaws.com"] },
          Action: "sns:Publish",
          Resource: topic.arn,
          Condition: { StringEquals: { "aws:SourceAccount": d.account } },
        },
      ],
    }),
  });
  for (const [i, endpoint] of d.plan.alerts.entries())
    new aws.sns.TopicSubscription(`Notice${i}`, { topic: topic.arn, protocol: "email", endpoint });
  tellEvidence(d, bucket, topic);
  return topic;
}

/** Bad evidence is told by the event of its own key: no code that could be broken stands between. */
function tellEvidence(d: Deployment, bucket: aws.s3.Bucket, topic: aws.sns.Topic): void {
  const rule = new aws.cloudwatch.EventRule("EvidenceRule", {
    name: d.name("evidence"),
    eventPattern: objectCreated(bucket.bucket, [{ wildcard: "evidence/*/failed.*" }, { wildcard: "evidence/*/doubt.*" }]),
  });
  new aws.cloudwatch.EventTarget("EvidenceTarget", {
    rule: rule.name,
    arn: topic.arn,
    inputTransformer: {
      inputPaths: { key: "$.detail.object.key", bucket: "$.detail.bucket.name" },
      inputTemplate:
        '"Holdfast: a proof failed or is in doubt. The evidence is <key> in <bucket>. `holdfast status` says what it means for the source."',
    },
  });
}

/** Nobody follows an execution that events start, so its end is told by its own event where it is not a good one. */
export function tellFailure(
  d: Deployment,
  name: string,
  machine: $util.Output<string>,
  topic: aws.sns.Topic,
  { what, so, next }: Record<"what" | "so" | "next", string>,
): void {
  const rule = new aws.cloudwatch.EventRule(logical(name, "failed", "rule"), {
    name: d.name(name, "failed"),
    eventPattern: $jsonStringify({
      source: ["aws.states"],
      "detail-type": ["Step Functions Execution Status Change"],
      detail: { stateMachineArn: [machine], status: ["FAILED", "TIMED_OUT", "ABORTED"] },
    }),
  });
  new aws.cloudwatch.EventTarget(logical(name, "failed", "target"), {
    rule: rule.name,
    arn: topic.arn,
    inputTransformer: {
      inputPaths: { arn: "$.detail.executionArn", status: "$.detail.status" },
      inputTemplate: `"Holdfast: ${what} ended as <status>, so ${so}. Execution <arn> says why; ${next}."`,
    },
  });
}
