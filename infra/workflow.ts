import { type Deployment, logical } from "./deployment.ts";
import { filled } from "./filled.ts";
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
export const retry = [
  {
    ErrorEquals: ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"],
    IntervalSeconds: 2,
    MaxAttempts: 5,
    BackoffRate: 2,
  },
];
/** What functions/passing.ts tells: a server, network or service failed. */
const passing = { ErrorEquals: ["Passing"], BackoffRate: 2, MaxDelaySeconds: 300 };
/** Nothing was made yet, and somebody waits for the answer: 35 seconds. */
export const lookRetry = [...retry, { ...passing, IntervalSeconds: 5, MaxAttempts: 3 }];
/** Hours of work would be removed for it: 20 minutes. */
export const keepRetry = [...retry, { ...passing, IntervalSeconds: 10, MaxAttempts: 8 }];
/** Removing twice is harmless, and a service may not let go of what it is still making: a database takes hours at worst. */
export const undoRetry = [
  ...retry,
  { ErrorEquals: ["States.ALL"], IntervalSeconds: 60, MaxAttempts: 12, BackoffRate: 1.5, MaxDelaySeconds: 900 },
];

/** The message that a function threw, out of what Lambda tells, and under its own name what passes by itself and did not. */
const caught = String.raw`{% (
  $message := $match($states.errorOutput.Cause, /"errorMessage": ?"(.*?)", ?"[a-zA-Z]+":/);
  $told := $exists($message) ? $replace($message[0].groups[0], '\\"', '"') : $states.errorOutput.Cause;
  $own := $states.errorOutput.Error = 'Passing' ? $match($told, /^([A-Za-z]+): (.*)$/);
  $exists($own) ? { 'Error': $own[0].groups[0], 'Cause': $own[0].groups[1] } : { 'Error': $states.errorOutput.Error, 'Cause': $told }
) %}`.replaceAll(/\n */g, " ");

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
        lookRetry,
        keepRetry,
        undoRetry,
        caught,
        outcome: "{% $merge([{ 'source': $of.backup.source, 'slot': $of.backup.slot, 'target': $of.target, 'made': [$made] }, $proof]) %}",
      }),
    ),
  });
}

/** Its ARN before it is made: functions must know whom they work for. */
export const machineArn = (d: Deployment, name: string): $util.Output<string> =>
  $interpolate`arn:aws:states:${d.plan.region}:${d.account}:stateMachine:${d.name(name)}`;
