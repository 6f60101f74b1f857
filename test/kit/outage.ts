import { InvokeCommand, LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { DeleteScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { PurgeQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { evidencePrefix, slotId } from "@holdfast/core";
import type { Cloud } from "@holdfast/localcloud";
import { vi } from "vitest";

/** What an outage lost, by slots: the verification of one, and the copy of the other. */
export type Lost = { verify: string; copy: string };

type Struck = { client: Cloud["client"]; account: string; prefix: string; source: string; store: string; bucket: string };

/**
 * Loses a source's schedule, the event of one of its backups, and that of another's copy, as an outage would. `watch` waits a minute before it asks
 * again, so this is done while the cloud is set up and looked at when the other tests are through.
 */
export async function outage({ client, account, prefix, source, store, bucket }: Struck): Promise<Lost> {
  const lambda = new LambdaClient(client);
  await new SchedulerClient(client).send(new DeleteScheduleCommand({ Name: `${prefix}-backup-${source}` }));
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const [copied, verified] = [new Date(now - 1_200_000), new Date(now - 600_000)];
  const backup = (slot: Date) =>
    lambda.send(new InvokeCommand({ FunctionName: `${prefix}-backup-${source}`, Payload: JSON.stringify({ slot: slot.toISOString() }) }));
  const events = new EventBridgeClient(client);
  const Name = `${prefix}-copy-${store}`;
  await events.send(new DisableRuleCommand({ Name }));
  await backup(copied);
  await read(client, bucket, `${evidencePrefix("readable", source)}${slotId(copied)}/`);
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName: `${prefix}-verify-memo` }));
  const listening = (Enabled: boolean) => lambda.send(new UpdateEventSourceMappingCommand({ UUID: EventSourceMappings[0]?.UUID, Enabled }));
  await listening(false);
  await backup(verified);
  await new SQSClient(client).send(new PurgeQueueCommand({ QueueUrl: `${client.endpoint}/${account}/${prefix}-verify-memo` }));
  await listening(true);
  await events.send(new EnableRuleCommand({ Name }));
  return { copy: slotId(copied), verify: slotId(verified) };
}

/** Resolves when something stands there. */
async function read(client: Cloud["client"], Bucket: string, Prefix: string): Promise<void> {
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  const look = async () => {
    const { KeyCount = 0 } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    if (KeyCount === 0) throw new Error(`nothing came under ${Prefix}`);
  };
  await vi.waitFor(look, { timeout: 240_000, interval: 50 });
}
