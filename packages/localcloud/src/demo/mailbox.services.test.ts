import { CreateTopicCommand, DeleteTopicCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { expect, inject, onTestFinished, test } from "vitest";
import type { Cloud } from "../cloud.ts";
import { openMailbox } from "./mailbox.ts";
import type { Stop } from "./stage.ts";

const { endpoint, region, root: credentials } = inject("ministack");
const client = { endpoint, region, credentials };

test("a notice is found by what it says, with its subject, as often as it is asked for", async () => {
  const topics = new SNSClient(client);
  const { TopicArn } = await topics.send(new CreateTopicCommand({ Name: "mailbox-of-the-demo" }));
  const stopping: Stop[] = [];
  onTestFinished(async () => {
    await topics.send(new DeleteTopicCommand({ TopicArn }));
    for (const stop of stopping) await stop();
    topics.destroy();
  });
  const deployed = { outputs: { notice: TopicArn } } as unknown as Cloud["deployed"];
  const mailbox = await openMailbox({ client, deployed }, stopping);
  expect(await mailbox.find("unseal")).toBeUndefined();
  for (const word of ["approve", "unseal"])
    await topics.send(new PublishCommand({ TopicArn, Subject: `to ${word}`, Message: `${word} it` }));
  await expect.poll(() => mailbox.find("unseal")).toEqual({ subject: "to unseal", message: "unseal it" });
  expect(await mailbox.find("approve")).toEqual({ subject: "to approve", message: "approve it" });
});
