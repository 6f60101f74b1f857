import { InvokeCommand, LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { DeleteScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { PurgeQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { slotId } from "@holdfast/core";
import type { Cloud } from "@holdfast/localcloud";

/**
 * Loses a source's schedule and the event of its one backup, as an outage would. `watch` waits a minute before it asks again, so this is
 * done while the cloud is set up and looked at when the other tests are through. Returns the slot of that backup.
 */
export async function outage({
  client,
  account,
  prefix,
  source,
}: {
  client: Cloud["client"];
  account: string;
  prefix: string;
  source: string;
}): Promise<string> {
  const lambda = new LambdaClient(client);
  await new SchedulerClient(client).send(new DeleteScheduleCommand({ Name: `${prefix}-backup-${source}` }));
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName: `${prefix}-verify-memo` }));
  const listening = (Enabled: boolean) => lambda.send(new UpdateEventSourceMappingCommand({ UUID: EventSourceMappings[0]?.UUID, Enabled }));
  await listening(false);
  const slot = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 600_000);
  await lambda.send(
    new InvokeCommand({ FunctionName: `${prefix}-backup-${source}`, Payload: JSON.stringify({ slot: slot.toISOString() }) }),
  );
  await new SQSClient(client).send(new PurgeQueueCommand({ QueueUrl: `${client.endpoint}/${account}/${prefix}-verify-memo` }));
  await listening(true);
  return slotId(slot);
}
