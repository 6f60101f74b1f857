import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { environment } from "./environment.ts";

const queues = new SQSClient();

/** Tells a consumer of an object in the words of S3's event, which was lost or came before its time. `run`: evidence that stands is no end. */
export async function sendCreated(queueUrl: string, { key, version, run }: { key: string; version?: string; run?: string | undefined }) {
  const object = { key, ...(version === undefined ? {} : { "version-id": version }) };
  const detail = { bucket: { name: environment.HOLDFAST_BUCKET }, object, run };
  const event = { source: "holdfast.watch", "detail-type": "Object Created", detail };
  await queues.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(event) }));
}
