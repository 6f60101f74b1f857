import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { Cloud } from "@holdfast/localcloud";

/** A mailbox on the notice topic: what people would get by e-mail. Returns the queue's URL. */
export async function openMailbox(client: Cloud["client"], topic: string): Promise<string> {
  const queues = new SQSClient(client);
  const { QueueUrl = "" } = await queues.send(new CreateQueueCommand({ QueueName: "mailbox" }));
  const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: Attributes?.QueueArn },
    ],
  });
  await queues.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await new SNSClient(client).send(
    new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint: Attributes?.QueueArn, Attributes: { RawMessageDelivery: "true" } }),
  );
  return QueueUrl;
}

/** Takes the next notices out of the mailbox, as text. */
export async function readMail(queues: SQSClient, QueueUrl: string): Promise<string[]> {
  const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await queues.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body = "" }) => Body);
}
