import { CreateQueueCommand, GetQueueUrlCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { type Applier, applier } from "./applier.ts";

const queue = applier({
  type: "aws:sqs/queue:Queue",
  inputs: z.strictObject({
    name: z.string().optional(),
    visibilityTimeoutSeconds: z.number().optional(),
    messageRetentionSeconds: z.number().optional(),
    delaySeconds: z.number().optional(),
    receiveWaitTimeSeconds: z.number().optional(),
    redrivePolicy: z.string().optional(),
    redriveAllowPolicy: z.string().optional(),
    policy: z.string().optional(),
    sqsManagedSseEnabled: z.boolean().optional(),
  }),
  ignores: { tags: "nothing reads a queue's tags" },
  async make({ inputs, described, site }) {
    const attributes = {
      VisibilityTimeout: inputs.visibilityTimeoutSeconds,
      MessageRetentionPeriod: inputs.messageRetentionSeconds,
      DelaySeconds: inputs.delaySeconds,
      ReceiveMessageWaitTimeSeconds: inputs.receiveWaitTimeSeconds,
      RedrivePolicy: inputs.redrivePolicy,
      RedriveAllowPolicy: inputs.redriveAllowPolicy,
      Policy: inputs.policy,
      SqsManagedSseEnabled: inputs.sqsManagedSseEnabled,
    };
    const set = Object.entries(attributes).filter(([, value]) => value !== undefined);
    const { QueueUrl } = await site.clients.sqs.send(
      new CreateQueueCommand({
        QueueName: String(described.outputs.name),
        Attributes: Object.fromEntries(set.map(([name, value]) => [name, String(value)])),
      }),
    );
    return { id: QueueUrl ?? null, url: QueueUrl ?? null };
  },
  async exists({ described, site }) {
    const found = await site.clients.sqs.send(new GetQueueUrlCommand({ QueueName: String(described.outputs.name) })).catch(() => undefined);
    return found !== undefined;
  },
});

const queuePolicy = applier({
  type: "aws:sqs/queuePolicy:QueuePolicy",
  inputs: z.strictObject({ queueUrl: z.string(), policy: z.string() }),
  async make({ inputs, site }) {
    await site.clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl: inputs.queueUrl, Attributes: { Policy: inputs.policy } }));
    return undefined;
  },
});

export const sqs: Applier[] = [queue, queuePolicy];
