import type { Allow, Needs } from "@holdfast/core";
import { type Deployment, logical } from "./deployment.ts";
import type { Layers } from "./layers.ts";
import { standIn } from "./network.ts";
import { type Statement, role } from "./role.ts";

export type LambdaOptions = {
  handler: string;
  statements: Statement[];
  environment: Record<string, $util.Input<string>>;
  memory: `${number} MB`;
  timeout: `${number} seconds` | `${number} minutes`;
  /** Room in /tmp. */
  scratch?: `${number} MB`;
  needs?: Needs;
  /** What `{source}` in the needs stands for. */
  source?: string;
  /** What `{resource}` in the needs stands for. */
  resource?: string | undefined;
  layers?: Layers;
  /** Where a failed asynchronous invocation is told, after its retries. */
  onFailure?: $util.Input<string>;
};

/** Streams make short-lived buffers: a small young generation costs a tenth less CPU and 40 MiB less memory, measured on a seal of 1 GiB. */
const nodeOptions = "--enable-source-maps --max-semi-space-size=1";

/** One Lambda with a role of its own. It may write its own log and nothing else that `statements` does not say. */
export function lambda(d: Deployment, name: string, options: LambdaOptions): sst.aws.Function {
  const physical = d.name(name);
  const { needs } = options;
  const asks = asksOf(d, name, options);
  const own = role(d, name, "lambda.amazonaws.com", [...asks, ...byLambda(d, physical, options)]);
  const made = new sst.aws.Function(logical(name), {
    name: physical,
    handler: options.handler,
    runtime: "nodejs24.x",
    architecture: "arm64",
    role: own.arn,
    memory: options.memory,
    timeout: options.timeout,
    storage: options.scratch ?? "512 MB",
    environment: {
      ...options.environment,
      ...(needs?.vpc ? standIn(d, needs.vpc, asks) : {}),
      HOLDFAST_PROJECT: d.name(),
      HOLDFAST_LAYERS: "/opt",
      NODE_OPTIONS: nodeOptions,
    },
    layers: (needs?.layers ?? []).map((layer) => options.layers?.arn(layer) ?? ""),
    logging: { retention: "1 year", format: "json" },
    nodejs: { minify: true },
    ...(needs?.vpc ? { vpc: { privateSubnets: [...needs.vpc.subnets], securityGroups: [...needs.vpc.securityGroups] } } : {}),
  });
  if (options.onFailure)
    new aws.lambda.FunctionEventInvokeConfig(logical(name, "async"), {
      functionName: made.name,
      maximumRetryAttempts: 2,
      maximumEventAgeInSeconds: 3600,
      destinationConfig: { onFailure: { destination: options.onFailure } },
    });
  return made;
}

/** What the function itself asks AWS for. */
function asksOf(d: Deployment, name: string, { statements, needs, source, resource }: LambdaOptions): Statement[] {
  const words = { region: d.plan.region, project: d.name(), source, resource };
  return [
    ...statements,
    ...(needs?.secrets.length
      ? [{ sid: "ReadSecret", actions: ["secretsmanager:GetSecretValue"], resources: needs.secrets.map((secret) => secretArn(d, secret)) }]
      : []),
    ...(needs?.allow ?? []).map((allow, i) => ({
      sid: `KindNeeds${i}`,
      actions: [...allow.actions],
      resources: allow.resources.map((resource) => located(d, name, resource, words)),
      ...(allow.conditions ? { conditions: locatedAll(d, name, allow.conditions, words) } : {}),
    })),
  ];
}

/** What Lambda does with the function's role, outside of its network: it writes the log, plugs the function in, and tells that it failed. */
function byLambda(d: Deployment, physical: string, { needs, onFailure }: LambdaOptions): Statement[] {
  const log = $interpolate`arn:aws:logs:${d.plan.region}:${d.account}:log-group:/aws/lambda/${physical}:*`;
  return [
    { sid: "WriteOwnLog", actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [log] },
    ...(needs?.vpc ? [joinNetwork] : []),
    ...(onFailure ? [{ sid: "TellFailure", actions: ["sns:Publish"], resources: [onFailure] }] : []),
  ];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
const joinNetwork: Statement = {
  sid: "JoinNetwork",
  actions: [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
  ],
  resources: ["*"],
};

type Words = Readonly<Record<string, string | undefined>>;
function locatedAll(d: Deployment, name: string, conditions: NonNullable<Allow["conditions"]>, words: Words) {
  const value = (given: string | string[]) =>
    typeof given === "string" ? located(d, name, given, words) : $util.all(given.map((one) => located(d, name, one, words)));
  const values = (keys: Readonly<Record<string, string | string[]>>) =>
    Object.fromEntries(Object.entries(keys).map(([key, given]) => [key, value(given)]));
  return Object.fromEntries(Object.entries(conditions).map(([operator, keys]) => [operator, values(keys)]));
}

function located(d: Deployment, name: string, given: string, words: Words): $util.Output<string> {
  const resource = given.replaceAll(/\{(\w+)\}/g, (whole, word: string) => {
    if (word === "account") return whole;
    const found = words[word];
    if (found === undefined) throw new Error(`${name} needs rights on ${given}, and nothing says what ${whole} is there`);
    return found;
  });
  return d.account.apply((account) => resource.replaceAll("{account}", account));
}

/** Secrets Manager adds a hyphen and six characters to a secret's name: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html */
export const secretArn = (d: Deployment, name: string) =>
  $interpolate`arn:aws:secretsmanager:${d.plan.region}:${d.account}:secret:${name}-??????`;

/** EventBridge or the Scheduler may start this function, and only by this rule or schedule. */
export function allow(name: string, fn: sst.aws.Function, principal: string, sourceArn: $util.Input<string>): void {
  new aws.lambda.Permission(logical(name, "permission"), { action: "lambda:InvokeFunction", function: fn.name, principal, sourceArn });
}
