import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Graph, Rds, Resource } from "@holdfast/localcloud";

/** One thing that a role was seen, or is known, to do. `resource` undefined: known from a body that traces do not hold. */
export type Use = { role: string; action: string; resource?: string };

type Traced = {
  function: string;
  service: string;
  method: string;
  path: string;
  query: Record<string, string>;
  target?: string;
  action?: string;
};

/** What functions asked of the local AWS, as IAM names it. */
export function tracedUses(folder: string): Use[] {
  const lines = readdirSync(folder).flatMap((file) => readFileSync(path.join(folder, file), "utf8").trim().split("\n"));
  return [...new Set(lines)].filter(Boolean).map((line) => {
    const traced: Traced = JSON.parse(line);
    return { role: traced.function, ...(traced.service === "s3" ? s3Use(traced) : otherUse(traced)) };
  });
}

/** What functions asked of the double of RDS, and RDS of KMS in their name. */
export const rdsUses = ({ demanded }: Pick<Rds, "demanded">): Use[] =>
  demanded().map(({ caller, action, resource }) => ({ role: caller.split("/")[1] ?? "", action, resource }));

/** Path-style requests: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html */
function s3Use({ method, path: at, query }: Traced): Omit<Use, "role"> {
  const [, bucket = "", ...key] = at.split("/");
  const resource = `arn:aws:s3:::${bucket}${key.join("") !== "" ? `/${decodeURIComponent(key.join("/"))}` : ""}`;
  const has = (name: string) => name in query;
  const version = has("versionId") ? "Version" : "";
  if (key.join("") === "") return { action: has("versions") ? "s3:ListBucketVersions" : "s3:ListBucket", resource };
  if (has("tagging")) return { action: `s3:${method === "PUT" ? "Put" : "Get"}Object${version}Tagging`, resource };
  if (has("retention")) return { action: `s3:${method === "PUT" ? "Put" : "Get"}ObjectRetention`, resource };
  if (has("restore")) return { action: "s3:RestoreObject", resource };
  if (method === "DELETE") return { action: has("uploadId") ? "s3:AbortMultipartUpload" : "s3:DeleteObject", resource };
  if (method === "PUT" || method === "POST") return { action: "s3:PutObject", resource };
  return { action: `s3:GetObject${version}`, resource };
}

const prefixes: Record<string, string> = { states: "states", monitoring: "cloudwatch" };
function otherUse({ service, path: at, target }: Traced): Omit<Use, "role"> {
  if (service === "lambda") return { action: "lambda:InvokeFunction" };
  const operation = target?.split(".").at(-1) ?? at.split("/operation/")[1] ?? "unknown";
  return { action: `${prefixes[service] ?? service}:${operation}` };
}

/** What AWS itself does in the name of a role, which no trace of a function shows: taken from the graph. */
export function serviceUses({ resources }: Graph): Use[] {
  const functions = resources.filter(({ type }) => type === "aws:lambda/function:Function");
  const roleOf = (name: unknown) => roleName(functions.find((fn) => fn.inputs.name === name)?.inputs.role);
  return resources.flatMap((resource): Use[] => {
    if (resource.type === "aws:lambda/function:Function") return functionUses(resource);
    if (resource.type === "aws:lambda/eventSourceMapping:EventSourceMapping")
      return ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map((name) => ({
        role: roleOf(resource.inputs.functionName),
        action: `sqs:${name}`,
      }));
    if (resource.type === "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
      return [{ role: roleOf(resource.inputs.functionName), action: "sns:Publish" }];
    if (resource.type === "aws:scheduler/schedule:Schedule") return [scheduled(resource.inputs.target as { arn: string; roleArn: string })];
    if (resource.type === "aws:sfn/stateMachine:StateMachine") return machineUses(resource);
    return [];
  });
}

const scheduled = ({ arn, roleArn }: { arn: string; roleArn: string }): Use => ({
  role: roleName(roleArn),
  action: arn.includes(":stateMachine:") ? "states:StartExecution" : "lambda:InvokeFunction",
});

const roleName = (arn: unknown): string => String(arn).split("/").at(-1) ?? "";

function functionUses({ inputs }: Resource): Use[] {
  const role = roleName(inputs.role);
  const network = [
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "DeleteNetworkInterface",
    "AssignPrivateIpAddresses",
    "UnassignPrivateIpAddresses",
  ];
  return [
    { role, action: "logs:CreateLogStream" },
    { role, action: "logs:PutLogEvents" },
    ...(inputs.vpcConfig ? network.map((name) => ({ role, action: `ec2:${name}` })) : []),
  ];
}

function machineUses({ inputs }: Resource): Use[] {
  const definition = String(inputs.definition);
  const role = roleName(inputs.roleArn);
  return [
    ...(definition.includes("states:::lambda:invoke") ? [{ role, action: "lambda:InvokeFunction" }] : []),
    ...(definition.includes("states:::sns:publish") ? [{ role, action: "sns:Publish" }] : []),
  ];
}
