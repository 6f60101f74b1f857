import { expect, test } from "vitest";
import { endpointName, network, servicesOf } from "./network.ts";

const placed = { subnets: ["subnet-a"], securityGroups: ["sg-1"] };
const told = (given: object) => network.safeParse({ ...placed, ...given }).error?.issues.map(({ path }) => path.join("."));

test("the endpoints of a network are its own business, checked or created", () => {
  expect(network.parse(placed)).toEqual(placed);
  for (const endpoints of ["create", "check", "none"]) expect(network.parse({ ...placed, endpoints })).toEqual({ ...placed, endpoints });
  expect(told({ endpoints: "make" })).toEqual(["endpoints"]);
});

test("endpoints that exist already are named beside those to create, and only there", () => {
  expect(told({ endpoints: "create", existing: ["s3", "kms"] })).toBeUndefined();
  expect(told({ endpoints: "create", existing: ["dynamodb"] })).toEqual(["existing.0"]);
  expect(told({ endpoints: "check", existing: ["s3"] })).toEqual(["existing"]);
  expect(told({ existing: [] })).toEqual(["existing"]);
});

test("a function needs the endpoints of the services that its role may ask", () => {
  expect(servicesOf(["s3:PutObject", "s3:ListBucketVersions", "kms:Encrypt", "kms:Sign"])).toEqual(["kms", "s3"]);
  expect(servicesOf(["secretsmanager:GetSecretValue", "sts:GetWebIdentityToken"])).toEqual(["secretsmanager", "sts"]);
  expect(servicesOf(["rds:CreateDBSnapshot", "states:DescribeExecution"])).toEqual(["rds", "states"]);
  expect(servicesOf(["cloudwatch:PutMetricData", "sqs:SendMessage", "lambda:InvokeFunction", "sns:Publish"])).toEqual([
    "lambda",
    "monitoring",
    "sns",
    "sqs",
  ]);
});

test("what Lambda does for a function, and what a database itself is asked, needs none", () => {
  expect(servicesOf(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "rds-db:connect"])).toEqual([]);
});

test("an action of a service that nobody placed is an error, not a function that hangs", () => {
  expect(() => servicesOf(["dynamodb:GetItem"])).toThrow("dynamodb:GetItem");
  expect(() => servicesOf(["constructor:x"])).toThrow("constructor:x");
});

test("an endpoint has the name that AWS gives it", () => {
  expect(endpointName("eu-central-1", "monitoring")).toBe("com.amazonaws.eu-central-1.monitoring");
});
