import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { copyVerdict } from "@holdfast/core";
import { expect, test } from "vitest";
import { cloud, until } from "../kit/cloud.ts";

const c = cloud();
const source = "tick";

test("watch asks again for a slot that the Scheduler lost, and for a verification and a copy whose events were lost", async () => {
  const { verify, copy } = c.local.lost;
  expect((await c.entry(source, verify))?.evidence).toEqual({});
  expect((await c.entry(source, copy))?.evidence).toEqual({ readable: [expect.objectContaining({ verdict: "ok" })] });
  const asked = new Set<string>();
  await until(
    "all replays",
    async () => {
      const { result } = (await c.invoke("watch")) as { result: { replayed: { verb: string; source: string }[] } };
      for (const replay of result.replayed) if (replay.source === source) asked.add(replay.verb);
      return ["verify", "copy", "backup"].every((verb) => asked.has(verb)) ? true : undefined;
    },
    400,
  );
  expect(await c.verdict(source, verify)).toBe("ok");
  for (const slot of [copy, verify])
    await until(`the copy of ${slot}`, async () => {
      const entry = await c.entry(source, slot);
      return entry && copyVerdict(entry, "google") === "ok" ? true : undefined;
    });
  await until("the slot that was lost", async () => {
    for await (const { key } of c.store.list.list(`backups/${source}/`))
      if (key.endsWith("manifest.json") && ![copy, verify].some((slot) => key.includes(slot))) return true;
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
