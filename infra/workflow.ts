import { type Deployment, logical } from "./deployment.ts";
import definition from "./restore.asl.json" with { type: "json" };
import { role } from "./role.ts";

export type Workflow = {
  functions: Record<string, sst.aws.Function>;
  topic: aws.sns.Topic;
  /** True: what was made is removed when it is proven. */
  drill: boolean;
  /** JSONata that makes a restore's input of the execution's own. */
  input: string;
  /** What is wrong with an input that names no target, and what to write. */
  unknownTarget: string;
};

/** Lambda's own trouble, not ours: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html */
const retry = [
  {
    ErrorEquals: ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"],
    IntervalSeconds: 2,
    MaxAttempts: 5,
    BackoffRate: 2,
  },
];
/** Removing twice is harmless, and a service may not let go of what it is still making: a database takes hours at worst. */
const undoRetry = [...retry, { ErrorEquals: ["States.ALL"], IntervalSeconds: 60, MaxAttempts: 12, BackoffRate: 1.5, MaxDelaySeconds: 900 }];

/** One state machine of the one definition that restores. */
export function workflow(d: Deployment, name: string, { functions, topic, ...of }: Workflow): aws.sfn.StateMachine {
  const starter = role(d, name, "states.amazonaws.com", [
    { sid: "RunVerbs", actions: ["lambda:InvokeFunction"], resources: Object.values(functions).map((fn) => fn.arn) },
    { sid: "Tell", actions: ["sns:Publish"], resources: [topic.arn] },
  ]);
  return new aws.sfn.StateMachine(logical(name), {
    name: d.name(name),
    roleArn: starter.arn,
    definition: $jsonStringify(
      filled(definition, {
        ...of,
        functions: Object.fromEntries(Object.entries(functions).map(([target, fn]) => [target, fn.arn])),
        protected: Object.fromEntries(Object.values(d.plan.targets).map((target) => [target.name, target.protected])),
        topic: topic.arn,
        retry,
        undoRetry,
        outcome: "{% $merge([{ 'source': $of.backup.source, 'slot': $of.backup.slot, 'target': $of.target, 'made': [$made] }, $proof]) %}",
      }),
    ),
  });
}

/** Its ARN before it is made: functions must know whom they work for. */
export const machineArn = (d: Deployment, name: string): $util.Output<string> =>
  $interpolate`arn:aws:states:${d.plan.region}:${d.account}:stateMachine:${d.name(name)}`;

/** Replaces `"@name@"` by the value of that name. */
export function filled(node: unknown, values: Record<string, unknown>): unknown {
  if (typeof node === "string") return /^@\w+@$/.test(node) ? values[node.slice(1, -1)] : node;
  if (Array.isArray(node)) return node.map((item) => filled(item, values));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, filled(value, values)]));
}
