import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { expect, test } from "vitest";
import { tracedUses } from "../kit/actions.ts";
import { cloud, until } from "../kit/cloud.ts";

const c = cloud();
const source = "tick";
const asked = (action: string) => tracedUses(c.local.trace).some((use) => use.role === "test-local-watch" && use.action === action);

test("watch asks again for a slot that the Scheduler lost and for a verification whose event was lost", async () => {
  expect((await c.entry(source, c.local.lostSlot))?.evidence).toEqual({});
  await until(
    "both replays",
    async () => {
      await c.invoke("watch");
      return asked("lambda:InvokeFunction") && asked("sqs:SendMessage") ? true : undefined;
    },
    100,
  );
  expect(await c.verdict(source, c.local.lostSlot)).toBe("ok");
  await until("the slot that was lost", async () => {
    for await (const { key } of c.store.list.list(`backups/${source}/`))
      if (key.endsWith("manifest.json") && !key.includes(c.local.lostSlot)) return true;
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
