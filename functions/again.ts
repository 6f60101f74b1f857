import { ChangeMessageVisibilityCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { HoldfastError } from "@holdfast/core";
import { environment } from "./environment.ts";
import { type QueueEvent, triesOf } from "./event.ts";

const queues = new SQSClient();
/** After each try: a store that is away comes back in minutes, and none is asked all the time. */
const waitsSeconds = [60, 300, 1200];

/**
 * Runs what a message asks for. Where the world failed it comes again soon, and not only when the queue's own time is over, which is that of a function
 * that died (six times its timeout) and stays the longest wait. Throws what was thrown.
 */
export async function againSoon<R>(event: QueueEvent, run: () => Promise<R>): Promise<R> {
  try {
    return await run();
  } catch (error) {
    // Where that is refused, the queue's own time goes on.
    if (error instanceof HoldfastError && error.fault === "world") await hasten(event).catch(() => {});
    throw error;
  }
}

async function hasten(event: QueueEvent): Promise<void> {
  const [{ receiptHandle: ReceiptHandle }] = event.Records;
  const QueueUrl = environment.HOLDFAST_QUEUE;
  const { Attributes = {} } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["VisibilityTimeout"] }));
  const wait = waitsSeconds[triesOf(event) - 1] ?? Number.POSITIVE_INFINITY;
  if (wait >= Number(Attributes.VisibilityTimeout)) return;
  await queues.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: wait }));
}
