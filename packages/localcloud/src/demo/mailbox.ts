import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Stop } from "./stage.ts";

export type Notice = { subject: string; message: string };
/** What people who are in the plan's alerts would get by e-mail. */
export type Mailbox = {
  /** A notice whose message holds `text`, where one has come. */
  find(text: string): Promise<Notice | undefined>;
};

/** As SNS writes it into a queue: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const delivered = z.object({ Subject: z.string().default(""), Message: z.string() });

/** Subscribes to the notices of a deployment, from now on. Ends with the local AWS. */
export async function openMailbox({ client, deployed }: Pick<Cloud, "client" | "deployed">, stopping: Stop[]): Promise<Mailbox> {
  const queues = new SQSClient(client);
  stopping.push(async () => queues.destroy());
  const QueueUrl = await subscribed(queues, client, String(deployed.outputs.notice));
  const notices: Notice[] = [];
  return {
    async find(text) {
      const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { Body = "" } of Messages) {
        const { Subject: subject, Message: message } = delivered.parse(JSON.parse(Body));
        notices.push({ subject, message });
      }
      return notices.find(({ message }) => message.includes(text));
    },
  };
}

async function subscribed(queues: SQSClient, client: Cloud["client"], topic: string): Promise<string> {
  const { QueueUrl = "" } = await queues.send(new CreateQueueCommand({ QueueName: "operator" }));
  const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  const queue = Attributes?.QueueArn;
  const may = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: queue };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [may] });
  await queues.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const topics = new SNSClient(client);
  await topics.send(new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint: queue }));
  topics.destroy();
  return QueueUrl;
}
