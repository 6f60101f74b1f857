import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { IAMClient } from "@aws-sdk/client-iam";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { RDSClient } from "@aws-sdk/client-rds";
import { S3Client } from "@aws-sdk/client-s3";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { STSClient } from "@aws-sdk/client-sts";
import { EndpointNotLoopback } from "./errors.ts";

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
/** `rds`: where RDS is asked, if there is one; the local AWS's own holds no databases. */
export type Local = { endpoint: string; rds?: string; region: string; credentials: Credentials };

export type Clients = {
  cloudwatch: CloudWatchClient;
  events: EventBridgeClient;
  iam: IAMClient;
  kms: KMSClient;
  lambda: LambdaClient;
  logs: CloudWatchLogsClient;
  rds: RDSClient;
  s3: S3Client;
  scheduler: SchedulerClient;
  sfn: SFNClient;
  sns: SNSClient;
  sqs: SQSClient;
  sts: STSClient;
  close(): void;
};

/** Throws {@link EndpointNotLoopback} for anything but plain http on 127.0.0.0/8, ::1 or localhost. */
export function assertLoopback(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const loopback = url && /^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/.test(url.hostname);
  if (!loopback || url.protocol !== "http:" || url.username !== "" || url.password !== "") throw new EndpointNotLoopback(endpoint);
}

/**
 * Clients of the local AWS. All that the SDK would else look for in the environment or in `~/.aws` is said here: endpoint, region,
 * credentials, retries, FIPS and dual stack, so no developer's profile has a say.
 */
export function openClients({ endpoint, rds = endpoint, region, credentials }: Local): Clients {
  for (const each of [endpoint, rds]) assertLoopback(each);
  const common = {
    endpoint,
    region,
    credentials,
    maxAttempts: 3,
    retryMode: "standard",
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  };
  const clients = {
    cloudwatch: new CloudWatchClient(common),
    events: new EventBridgeClient(common),
    iam: new IAMClient(common),
    kms: new KMSClient(common),
    lambda: new LambdaClient(common),
    logs: new CloudWatchLogsClient(common),
    rds: new RDSClient({ ...common, endpoint: rds }),
    s3: new S3Client({ ...common, forcePathStyle: true }),
    scheduler: new SchedulerClient(common),
    sfn: new SFNClient(common),
    sns: new SNSClient(common),
    sqs: new SQSClient(common),
    sts: new STSClient(common),
  };
  return {
    ...clients,
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
