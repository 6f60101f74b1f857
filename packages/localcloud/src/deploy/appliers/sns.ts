import { CreateTopicCommand, GetTopicAttributesCommand, SetTopicAttributesCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { z } from "zod";
import { type Applier, applier } from "./applier.ts";

const topic = applier({
  type: "aws:sns/topic:Topic",
  inputs: z.strictObject({ name: z.string().optional(), displayName: z.string().optional(), kmsMasterKeyId: z.string().optional() }),
  ignores: { tags: "nothing reads a topic's tags" },
  async make({ inputs, described, site }) {
    const attributes = { DisplayName: inputs.displayName, KmsMasterKeyId: inputs.kmsMasterKeyId };
    const set = Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
    const { TopicArn } = await site.clients.sns.send(
      new CreateTopicCommand({ Name: String(described.outputs.name), Attributes: Object.fromEntries(set) }),
    );
    return { id: TopicArn ?? null, arn: TopicArn ?? null };
  },
  async exists({ described, site }) {
    const found = await site.clients.sns.send(new GetTopicAttributesCommand({ TopicArn: described.id })).catch(() => undefined);
    return found !== undefined;
  },
});

const topicPolicy = applier({
  type: "aws:sns/topicPolicy:TopicPolicy",
  inputs: z.strictObject({ arn: z.string(), policy: z.string() }),
  async make({ inputs, site }) {
    await site.clients.sns.send(
      new SetTopicAttributesCommand({ TopicArn: inputs.arn, AttributeName: "Policy", AttributeValue: inputs.policy }),
    );
    return undefined;
  },
});

const subscription = applier({
  type: "aws:sns/topicSubscription:TopicSubscription",
  inputs: z.strictObject({
    topic: z.string(),
    protocol: z.enum(["email", "email-json", "https", "sqs", "lambda"]),
    endpoint: z.string(),
    filterPolicy: z.string().optional(),
    filterPolicyScope: z.string().optional(),
    rawMessageDelivery: z.boolean().optional(),
  }),
  differs: ["No e-mail is sent; subscriptions to queues and functions are delivered."],
  async make({ inputs, site }) {
    const attributes = {
      FilterPolicy: inputs.filterPolicy,
      FilterPolicyScope: inputs.filterPolicyScope,
      RawMessageDelivery: inputs.rawMessageDelivery,
    };
    const set = Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
    const { SubscriptionArn } = await site.clients.sns.send(
      new SubscribeCommand({
        TopicArn: inputs.topic,
        Protocol: inputs.protocol,
        Endpoint: inputs.endpoint,
        Attributes: Object.fromEntries(set),
        ReturnSubscriptionArn: true,
      }),
    );
    return { id: SubscriptionArn ?? null, arn: SubscriptionArn ?? null };
  },
});

export const sns: Applier[] = [topic, topicPolicy, subscription];
