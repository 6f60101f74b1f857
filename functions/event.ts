import { InputInvalid } from "@holdfast/core";
import { z } from "zod";

/** One message an invocation: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export type QueueEvent = { Records: [QueueRecord] };
export type QueueRecord = { body: string; receiptHandle: string; attributes: { ApproximateReceiveCount: string } };
/** Which try this is, from 1. */
export const triesOf = ({ Records: [{ attributes }] }: QueueEvent): number => Number(attributes.ApproximateReceiveCount);

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html . A local AWS leaves out the version; then the current one is meant. */
const created = z.object({
  detail: z.object({
    object: z.object({ key: z.string(), "version-id": z.string().optional() }),
    /** Of `watch`: asks for evidence anew where some stands. */
    run: z.string().optional(),
  }),
});
/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
const executionChanged = z.object({ detail: z.object({ executionArn: z.string(), status: z.string(), input: z.string().optional() }) });

const body = <T>(event: QueueEvent, schema: z.ZodType<T>, what: string): T => {
  const parsed = schema.safeParse(JSON.parse(event.Records[0].body));
  if (!parsed.success)
    throw new InputInvalid(`the message is not ${what}`, "It stays in the dead-letter queue after four tries; look at who sent it.", {
      cause: parsed.error,
    });
  return parsed.data;
};

export function objectOf(event: QueueEvent): { key: string; version: string | undefined; run: string | undefined } {
  const { object, run } = body(event, created, "an S3 event of EventBridge").detail;
  return { key: object.key, version: object["version-id"], run };
}
/** The execution that ended, and the target that its input names, where the event holds it. */
export function executionOf(event: QueueEvent): { arn: string; target: unknown } {
  const { executionArn, input } = body(event, executionChanged, "a Step Functions event of EventBridge").detail;
  return { arn: executionArn, target: input === undefined ? undefined : (JSON.parse(input) as { target?: unknown }).target };
}
