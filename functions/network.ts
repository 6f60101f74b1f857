import { type Asked, reach } from "@holdfast/aws";
import type { Service } from "@holdfast/core";
import { environment } from "./environment.ts";

/** What infrastructure says of a function in a VPC: where it stands, and which services its role lets it ask. */
type Standing = { subnets: string[]; services: Service[] };

/** As the SDK calls them in AWS_ENDPOINT_URL_…: https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html */
const named: Readonly<Record<Service, string>> = {
  kms: "KMS",
  lambda: "LAMBDA",
  monitoring: "CLOUDWATCH",
  rds: "RDS",
  s3: "S3",
  secretsmanager: "SECRETS_MANAGER",
  sns: "SNS",
  sqs: "SQS",
  states: "SFN",
  sts: "STS",
};
const askedOf = (service: Service): Asked => ({
  service,
  url: process.env[`AWS_ENDPOINT_URL_${named[service]}`] || process.env.AWS_ENDPOINT_URL || undefined,
});

let reached: Promise<void> | undefined;

/**
 * Before the first run of a process in a VPC: every service that it will ask answers, or EndpointMissing says which does not. A process in no
 * VPC finds out by asking. What failed is tried anew by the next run: endpoints are made while functions wait.
 */
export function reachServices(): Promise<void> {
  reached ??= tryAll().catch((error: unknown) => {
    reached = undefined;
    throw error;
  });
  return reached;
}

async function tryAll(): Promise<void> {
  if (environment.HOLDFAST_NETWORK === "") return;
  const { subnets, services }: Standing = JSON.parse(environment.HOLDFAST_NETWORK);
  await reach({ region: environment.AWS_REGION, subnets, asks: services.map(askedOf) });
}
