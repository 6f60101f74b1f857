import { DescribeExecutionCommand, GetExecutionHistoryCommand, type HistoryEvent, ListExecutionsCommand } from "@aws-sdk/client-sfn";
import { GetQueueAttributesCommand, SendMessageCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { keyIdOf, type TrustedKeys, whole } from "@holdfast/core";
import type { TestCloud } from "./cloud.ts";

const eventOf = (key: string) => JSON.stringify({ detail: { bucket: { name: "any" }, object: { key } } });
/** What a function hears of a message in its queue. */
export const copyEvent = (key: string) => ({
  Records: [{ body: eventOf(key), receiptHandle: "none", attributes: { ApproximateReceiveCount: "1" } }],
});

const urlOf = ({ local }: TestCloud, name: string) => `${local.client.endpoint}/${local.account}/${local.prefix}-${name}`;
export const sendTo = (c: TestCloud, name: string, key: string) =>
  new SQSClient(c.local.client).send(new SendMessageCommand({ QueueUrl: urlOf(c, name), MessageBody: eventOf(key) }));

/**
 * A message that failed comes again after so many seconds, instead of after six times a function's timeout, and as often as a slow machine needs
 * before what the test does has come about. Returns what puts that back.
 */
export async function patience(c: TestCloud, name: string, seconds: number): Promise<() => Promise<void>> {
  const queues = new SQSClient(c.local.client);
  const QueueUrl = urlOf(c, name);
  const { Attributes: { VisibilityTimeout = "", RedrivePolicy = "" } = {} } = await queues.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["VisibilityTimeout", "RedrivePolicy"] }),
  );
  const set = async (Attributes: { VisibilityTimeout: string; RedrivePolicy: string }) => {
    await queues.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  };
  const often = JSON.stringify({ ...JSON.parse(RedrivePolicy), maxReceiveCount: 1000 });
  await set({ VisibilityTimeout: String(seconds), RedrivePolicy: often });
  return () => set({ VisibilityTimeout, RedrivePolicy });
}

/** Keys that sign, as they stand in the primary store. */
export async function trustedOf(c: TestCloud): Promise<TrustedKeys> {
  const trusted: Record<string, string> = {};
  for await (const { key } of c.store.list.list("keys/")) {
    const pem = (await whole(c.store.read.read({ key }), 10_000)).toString();
    trusted[keyIdOf(pem)] = pem;
  }
  return trusted;
}

/** `begun`: uploads. `sent`: parts, as workers told. `failed`: errors of steps. */
export type SharedOut = { status: string | undefined; begun: number; sent: number[]; failed: string[] };
/** Executions of the machine that shares copies out whose name begins so. */
export async function sharedOut({ local, machines }: TestCloud, name: string): Promise<SharedOut[]> {
  const stateMachineArn = `arn:aws:states:${local.client.region}:${local.account}:stateMachine:${local.prefix}-copy`;
  const { executions = [] } = await machines.send(new ListExecutionsCommand({ stateMachineArn }));
  return await Promise.all(
    executions
      .filter((execution) => execution.name?.startsWith(name))
      .map(async ({ executionArn }) => {
        const { status } = await machines.send(new DescribeExecutionCommand({ executionArn }));
        const { events = [] } = await machines.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
        return { status, ...stepsOf(events) };
      }),
  );
}

type Answer = { Payload?: { job?: object; state?: string; first?: number } };
function stepsOf(events: readonly HistoryEvent[]): Omit<SharedOut, "status"> {
  const answers = events.flatMap(({ taskSucceededEventDetails: done }): Answer[] => (done?.output ? [JSON.parse(done.output)] : []));
  const sent = answers.flatMap(({ Payload }) => (Payload?.state === "sent" && Payload.first ? [Payload.first] : []));
  return {
    begun: answers.filter(({ Payload }) => Payload?.job).length,
    sent: sent.sort((a, b) => a - b),
    failed: events.flatMap(({ taskFailedEventDetails: failed }) => (failed?.error ? [failed.error] : [])),
  };
}
