import { readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { catalogue, manifestKey, slotId } from "@holdfast/core";
import { expect, test } from "vitest";
import { cloud, until } from "../kit/cloud.ts";
import { tampering } from "../kit/tamper.ts";

const c = cloud();
const source = "note";
/** A slot of its own for each test, so that none sees another's. */
const slot = (day: number) => new Date(Date.UTC(2026, 2, day));
const desk = () => readdirSync(c.local.desk);

test("a kind from the test folder goes from a slot to evidence, a mark and a restore, and nothing outside knew it", async () => {
  const at = slotId(slot(1));
  expect(await c.backup(source, slot(1))).toEqual({ result: expect.objectContaining({ state: "made", id: `${source}/${at}` }) });
  expect(await c.verdict(source, at)).toBe("ok");

  const ended = await c.ended(await c.start({ source, target: "desk", at }));
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  expect(JSON.parse(ended.output ?? "{}")).toMatchObject({ source, slot: at, target: "desk", unit: "lines", expected: 3, found: 3 });
  await until("evidence of the restore", async () => (await c.entry(source, at))?.evidence.restored?.[0]);
  expect(desk().filter((name) => name.startsWith("memo-"))).not.toHaveLength(0);
});

test("a store from the test folder serves a restore through the same graph", async () => {
  const shelf = path.join(c.local.desk, "..", "shelf");
  const at = slotId(slot(1));
  for (const prefix of [`backups/${source}/${at}/`, `evidence/readable/${source}/${at}/`])
    for await (const { key } of c.store.list.list(prefix)) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of c.store.read.read({ key })) chunks.push(chunk);
      await mkdir(path.dirname(path.join(shelf, key)), { recursive: true });
      await writeFile(path.join(shelf, key), Buffer.concat(chunks));
    }
  await c.backup(source, slot(9));
  await c.verdict(source, slotId(slot(9)));
  const ended = await c.ended(await c.start({ source, target: "desk", from: "shelf" }));
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  expect(JSON.parse(ended.output ?? "{}")).toMatchObject({ slot: at, found: 3 });
});

test("of two attempts at one slot at once one manifest wins, and both succeed", async () => {
  const both = await Promise.all([c.backup(source, slot(2)), c.backup(source, slot(2))]);
  expect(both.map(({ error }) => error)).toEqual([undefined, undefined]);
  const entry = await c.entry(source, slotId(slot(2)));
  expect(entry?.manifest).toBeDefined();
  expect(await c.backup(source, slot(2))).toEqual({ result: expect.objectContaining({ state: "exists" }) });
});

test("an event that comes again, and one about nothing, leave one piece of evidence", async () => {
  const at = slotId(slot(3));
  await c.backup(source, slot(3));
  await c.verdict(source, at);
  const queues = new SQSClient(c.local.client);
  const QueueUrl = `${c.local.client.endpoint}/${c.local.account}/${c.local.prefix}-verify-memo`;
  const event = (key: string) => JSON.stringify({ detail: { bucket: { name: c.local.bucket }, object: { key } } });
  for (const key of [
    manifestKey({ source, slot: at }),
    "backups/unknown/20260303T000000Z/manifest.json",
    manifestKey({ source, slot: at }),
  ])
    await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: event(key) }));
  const again = slotId(slot(4));
  await c.backup(source, slot(4));
  await c.verdict(source, again);
  const entry = await c.entry(source, at);
  expect(entry?.evidence.readable).toHaveLength(1);
});

test.each([
  [{ source: "note" }, "UnknownTarget", "Targets: desk, safe, staging, spare, drill, clusters, instances"],
  [{ source: "note", target: "nowhere" }, "UnknownTarget", "Targets: desk, safe, staging, spare, drill, clusters, instances"],
  [
    { source: "nothing", target: "desk" },
    "UnknownSource",
    "The plan's sources are: box, letter, note, orders, orders-dump, shop, tick, till, vault",
  ],
  [{ source: "shop", target: "desk" }, "InputInvalid", "Targets that fit: staging"],
  [{ source: "note", target: "desk", at: "yesterday" }, "InputInvalid", '"yesterday" is neither'],
  [{ source: "note", target: "desk", from: "moon" }, "InputInvalid", 'no store is called "moon"'],
  [{ source: "note", target: "desk", datbase: "x" }, "InputInvalid", "datbase"],
  [{ source: "note", target: "desk", at: "2020-01-01T00:00:00Z" }, "BackupNotFound", "no verified backup of note at or before"],
])("the input %j fails as %s and says what would be right", async (input, error, says) => {
  const ended = await c.ended(await c.start(input));
  expect(ended).toMatchObject({ status: "FAILED", error });
  expect(ended.cause).toContain(says);
  expect(ended.cause).not.toContain("trace");
});

test("a flipped bit is found, told and never restored, unless somebody says so", async () => {
  const at = slotId(slot(5));
  await tampering(c, async (tamper) => {
    await c.backup(source, slot(5));
    await c.verdict(source, at);
    const entry = await c.entry(source, at);
    const artifact = entry?.objects.find(({ key }) => key.endsWith(".age"));
    await tamper.flip(artifact?.key ?? "", 300);
    await tamper.verifyAgain(manifestKey({ source, slot: at }));
  });
  const evidence = await until("the failed verdict", async () =>
    (await c.entry(source, at))?.evidence.readable?.find(({ verdict }) => verdict === "failed"),
  );
  expect(await c.told(evidence.key)).toContain("a proof failed or is in doubt");
  expect(await c.ended(await c.start({ source, target: "desk", at }))).toMatchObject({ status: "FAILED", error: "BackupUnverified" });
  const forced = await c.ended(await c.start({ source, target: "desk", at, unverified: true }));
  expect(forced).toMatchObject({ status: "FAILED" });
  expect(["NotDecryptable", "DigestMismatch"]).toContain(forced.error);
  await until("what it made is gone", async () => (desk().some((name) => name.startsWith(".holdfast")) ? undefined : true));
});

test("a manifest under another slot's key is refused as what it is", async () => {
  const [from, to] = [slotId(slot(6)), slotId(slot(7))];
  await c.backup(source, slot(6));
  await c.verdict(source, from);
  await tampering(c, (tamper) => tamper.copy(manifestKey({ source, slot: from }), manifestKey({ source, slot: to })));
  expect(await c.verdict(source, to)).toBe("failed");
  expect((await catalogue(c.store.list, source)).find((entry) => entry.slot === from)?.evidence.readable?.[0]?.verdict).toBe("ok");
});

test("a backup in doubt is not restored as the latest one", async () => {
  await c.setSecret("test/note", "one\n");
  const at = slotId(slot(8));
  await c.backup(source, slot(8));
  expect(await c.verdict(source, at)).toBe("doubt");
  await c.setSecret("test/note", "one\ntwo\nthree\n");
  const ended = await c.ended(await c.start({ source, target: "desk" }));
  expect(ended.status).toBe("SUCCEEDED");
  expect(JSON.parse(ended.output ?? "{}").slot).not.toBe(at);
});

test("a drill restores, compares, and leaves its evidence and nothing else", async () => {
  const at = slotId(slot(10));
  await c.backup(source, slot(10));
  await c.verdict(source, at);
  const before = desk();
  const ended = await c.ended(await c.drill({ source, at }));
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  expect(JSON.parse(ended.output ?? "{}")).toMatchObject({ source, slot: at, target: "desk", expected: 3, found: 3 });
  await until("evidence of the drill", async () => (await c.entry(source, at))?.evidence.restored?.[0]);
  expect(desk()).toEqual(before);
});

test("a drill that fails is told, and one of a source without a drill says which have one", async () => {
  const failed = await c.drill({ source, at: "2020-01-01T00:00:00Z" });
  expect(await c.ended(failed)).toMatchObject({ status: "FAILED", error: "BackupNotFound" });
  expect(await c.told(failed)).toContain("a drill ended as FAILED");
  const unknown = await c.ended(await c.drill({ source: "shop" }));
  expect(unknown).toMatchObject({ status: "FAILED", error: "UnknownTarget", cause: expect.stringContaining("Sources with a drill: note") });
});
