import { ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { DeleteScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import type { TestCloud } from "./cloud.ts";

/** The Scheduler forgets a source. */
export async function loseSchedule(c: TestCloud, source: string): Promise<void> {
  await new SchedulerClient(c.local.client).send(new DeleteScheduleCommand({ Name: `${c.local.prefix}-backup-${source}` }));
}

/** Events of a kind reach nobody for as long as `work` lasts. */
export async function withoutVerify(c: TestCloud, kind: string, work: () => Promise<unknown>): Promise<void> {
  const { EventSourceMappings = [] } = await c.lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: `${c.local.prefix}-verify-${kind}` }),
  );
  const [mapping] = EventSourceMappings;
  const enable = (Enabled: boolean) => c.lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping?.UUID, Enabled }));
  await enable(false);
  try {
    await work();
  } finally {
    await enable(true);
  }
}
