import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { PurgeQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { slotId } from "@holdfast/core";
import { expect, test } from "vitest";
import { tracedUses } from "../kit/actions.ts";
import { cloud, until } from "../kit/cloud.ts";
import { loseSchedule, withoutVerify } from "../kit/outage.ts";

const c = cloud();
const source = "tick";
const asked = (action: string) => tracedUses(c.local.trace).some((use) => use.role === "test-local-watch" && use.action === action);

test("watch asks again for a slot that the Scheduler lost and for a verification whose event was lost", { timeout: 200_000 }, async () => {
  await loseSchedule(c, source);
  const old = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 600_000);
  await withoutVerify(c, "memo", async () => {
    await c.backup(source, old);
    await new SQSClient(c.local.client).send(
      new PurgeQueueCommand({ QueueUrl: `${c.local.client.endpoint}/${c.local.account}/${c.local.prefix}-verify-memo` }),
    );
    await until(
      "both replays",
      async () => {
        await c.invoke("watch");
        return asked("lambda:InvokeFunction") && asked("sqs:SendMessage") ? true : undefined;
      },
      120,
    );
  });
  expect(await c.verdict(source, slotId(old))).toBe("ok");
  await until("the slot that was lost", async () => {
    for await (const { key } of c.store.list.list(`backups/${source}/`))
      if (key.endsWith("manifest.json") && !key.includes(slotId(old))) return true;
    return undefined;
  });
});

test("watch publishes the age of each source's newest verified backup, and the keys that sign", async () => {
  const { result } = await c.invoke("watch");
  expect(result).toMatchObject({
    statuses: expect.arrayContaining([expect.objectContaining({ source: "tick", newestVerified: expect.stringContaining("tick/") })]),
  });
  const { Metrics = [] } = await new CloudWatchClient(c.local.client).send(
    new ListMetricsCommand({ Namespace: "Holdfast", MetricName: "VerifiedBackupAge" }),
  );
  expect(Metrics.flatMap(({ Dimensions = [] }) => Dimensions.filter(({ Name }) => Name === "Source").map(({ Value }) => Value))).toContain(
    "tick",
  );
  const keys = [];
  for await (const { key } of c.store.list.list("keys/")) keys.push(key);
  expect(keys).toHaveLength(2);
});
