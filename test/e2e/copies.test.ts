import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  backupId,
  catalogue,
  copyVerdict,
  type Evidence,
  evidenceKey,
  evidenceLimit,
  lastSaid,
  manifestKey,
  readEvidence,
  slotId,
  type Stored,
  type Store,
  whole,
} from "@holdfast/core";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { cloud, until } from "../kit/cloud.ts";
import { copyEvent, patience, sendTo, sharedOut, trustedOf } from "../kit/copying.ts";
import { everythingWritten, hiddenIn, tokenIn } from "../kit/leaks.ts";

const c = cloud();
const source = "letter";
const stores = ["sea", "azure", "google"] as const;
type To = (typeof stores)[number];
const minute = 60_000;
/** So young that `watch` misses none, a slot of its own for each test; the first two are of one day, so that the tiers want one of them alone. */
const start = Math.floor(Date.now() / minute) * minute - 20 * minute;
const first = new Date(start + 2 * minute).getUTCHours() === new Date(start + minute).getUTCHours() ? start : start + minute;
const slot = (n: number) => new Date(first + n * minute);
const idOf = (n: number) => slotId(slot(n));

const said = async (at: string, store: To) => lastSaid((await c.entry(source, at))?.evidence.copied ?? [], store);
const verdictIn = (at: string, store: To) => until(`evidence about ${source}/${at} in ${store}`, () => said(at, store));
async function evidenceOf(at: string, store: To): Promise<Evidence> {
  const found = await verdictIn(at, store);
  return readEvidence(await whole(c.store.read.read({ key: found.key }), evidenceLimit), found, await trustedOf(c));
}
async function copied(n: number, to: readonly To[] = stores): Promise<void> {
  await c.backup(source, slot(n));
  for (const store of to) expect((await verdictIn(idOf(n), store)).verdict).toBe("ok");
}
const statusOf = async () => {
  const { result } = (await c.invoke("watch")) as { result: { statuses: { source: string; ageSeconds: number }[] } };
  return result.statuses.find((status) => status.source === source);
};

const listed = (store: Store, prefix: string): Promise<Stored[]> => Array.fromAsync(store.list.list(prefix));
const bytesOf = async (store: Store, key: string) => await whole(store.read.read({ key }), 2 ** 20);
/** What a copy of a slot is made of. */
const partsOf = async (store: Store, at: string) => [
  ...(await listed(store, "keys/")),
  ...(await listed(store, `backups/${source}/${at}/`)),
  ...(await listed(store, `evidence/readable/${source}/${at}/`)),
];

/** It publishes the keys, too. */
beforeAll(async () => {
  await c.invoke("watch");
});

test("a backup that was read arrives whole in each store by the event alone, with its evidence and keys, the manifest last", async () => {
  await copied(1);
  const at = idOf(1);
  const proofs = await Promise.all(stores.map(async (store) => (await evidenceOf(at, store)).details));
  expect(proofs).toEqual([
    expect.objectContaining({ store: "sea", artifacts: 1, proof: "sha256 read, crc64nvme stored" }),
    expect.objectContaining({ store: "azure", artifacts: 1, proof: "sha256 read, crc64nvme stored" }),
    expect.objectContaining({ store: "google", artifacts: 1, proof: "sha256 read, crc32c stored" }),
  ]);
  const here = await partsOf(c.store, at);
  for (const { store } of stores.map((name) => c.local.clouds[name])) {
    const there = await partsOf(store, at);
    expect(there.map(({ key }) => key).sort()).toEqual(here.map(({ key }) => key).sort());
    for (const { key } of here) expect(Buffer.compare(await bytesOf(store, key), await bytesOf(c.store, key)), key).toBe(0);
    const manifest = there.find(({ key }) => key === manifestKey({ source, slot: at }));
    expect(there.filter((object) => object.at > (manifest?.at ?? 0))).toEqual([]);
    const [entry] = (await catalogue(store.list, source)).filter((entry) => entry.slot === at);
    expect(entry).toMatchObject({ bytes: (await c.entry(source, at))?.bytes, evidence: { readable: [{ verdict: "ok" }] } });
    await until("what was said of all copies", async () => {
      const own = (await catalogue(store.list, source)).find((entry) => entry.slot === at);
      return own && stores.every((name) => copyVerdict(own, name) === "ok") ? true : undefined;
    });
  }
});

test("an event that comes twice copies once, and one about nothing is left", async () => {
  const at = idOf(1);
  const { google } = c.local.clouds;
  const before = await partsOf(google.store, at);
  const readable = (await c.entry(source, at))?.evidence.readable?.[0]?.key ?? "";
  const unknown = evidenceKey({ proof: "readable", source: "nobody", slot: at, verdict: "ok", digest8: "0".repeat(8), run: "x" });
  expect(await c.invoke("copy-google", copyEvent(readable))).toEqual({ result: { state: "known", brought: [] } });
  expect(await c.invoke("copy-google", copyEvent(unknown))).toEqual({ result: { state: "ignored", key: unknown } });
  expect(await c.invoke("copy-google", copyEvent("evidence/unheard/of"))).toMatchObject({ result: { state: "ignored" } });
  // Evidence that came late, of a backup that the first store has no more: nothing would come of trying again.
  const gone = (["readable", "accepted"] as const).map((proof) =>
    evidenceKey({ proof, source, slot: "20200101T000000Z", verdict: "ok", digest8: "0".repeat(8), run: "x" }),
  );
  for (const key of gone) expect((await c.invoke("copy-google", copyEvent(key))).error).toBeUndefined();
  for (const key of [readable, unknown, readable, ...gone]) await sendTo(c, "copy-google", key);
  await until("all events were taken", async () => ((await c.resting("copy-google")) ? true : undefined));
  expect(await partsOf(google.store, at)).toEqual(before);
  expect((await c.entry(source, at))?.evidence.copied).toHaveLength(stores.length);
});

test("a store that is away is told by name and tried again; meanwhile the age is that of the newest whole copy", async () => {
  const { gate } = c.local.clouds.sea;
  onTestFinished(() => gate.open());
  gate.close();
  const readable = (await c.entry(source, idOf(1)))?.evidence.readable?.[0]?.key ?? "";
  const failed = await c.invoke("copy-sea", copyEvent(readable));
  expect(failed.error).toBe("StoreUnavailable");
  // Only now: a queue's own time that is shorter than the function's wait is left alone.
  const impatient = await patience(c, "copy-sea", 2);
  onTestFinished(impatient);
  await copied(2, ["azure", "google"]);
  const age = () => (Date.now() - slot(1).getTime()) / 1000;
  const before = age();
  const status = await statusOf();
  const [whole, newest] = [1, 2].map((n) => backupId({ source, slot: idOf(n) }));
  expect(status).toMatchObject({
    newestVerified: newest,
    copies: [
      { store: "sea", newest: whole },
      { store: "azure", newest },
      { store: "google", newest },
    ],
  });
  for (const told of [status?.ageSeconds ?? 0, await publishedAge()]) {
    expect(told).toBeGreaterThan(before - 1);
    expect(told).toBeLessThan(age() + 1);
  }
  expect(await said(idOf(2), "sea")).toBeUndefined();

  gate.open();
  expect((await verdictIn(idOf(2), "sea")).verdict).toBe("ok");
  expect(await statusOf()).toMatchObject({ verdict: "ok", reasons: [], copies: stores.map((store) => ({ store, newest })) });
});

/** The newest that was published, in seconds. */
async function publishedAge(): Promise<number> {
  const { Datapoints = [] } = await new CloudWatchClient(c.local.client).send(
    new GetMetricStatisticsCommand({
      Namespace: "Holdfast",
      MetricName: "VerifiedBackupAge",
      Dimensions: [
        { Name: "Project", Value: "test" },
        { Name: "Stage", Value: "local" },
        { Name: "Source", Value: source },
      ],
      StartTime: new Date(Date.now() - 600_000),
      EndTime: new Date(Date.now() + 60_000),
      Period: 60,
      Statistics: ["Maximum"],
    }),
  );
  return Datapoints.toSorted((a, b) => Number(a.Timestamp) - Number(b.Timestamp)).at(-1)?.Maximum ?? 0;
}

test("a large artifact is shared out, a worker that dies costs its range alone, and the copy is whole", async () => {
  await c.setSecret("test/letter", `dear\n${randomBytes(30_000).toString("hex")}\n`);
  onTestFinished(async () => void (await c.setSecret("test/letter", "dear\nreader\n")));
  const [hold, kill] = [path.join(c.local.frail, "hold"), path.join(c.local.frail, "kill")];
  onTestFinished(() => rmSync(hold, { force: true }));
  for (const file of [hold, kill]) writeFileSync(file, "");
  await c.backup(source, slot(3));
  expect(await c.verdict(source, idOf(3))).toBe("ok");
  // Beside the event of the same evidence.
  const { result } = await c.invoke("copy-azure", copyEvent((await c.entry(source, idOf(3)))?.evidence.readable?.[0]?.key ?? ""));
  expect(["started", "running"]).toContain((result as { state: string }).state);
  rmSync(hold);
  for (const store of stores) expect((await verdictIn(idOf(3), store)).verdict).toBe("ok");
  expect(existsSync(kill)).toBe(false);
  expect((await evidenceOf(idOf(3), "azure")).details).toMatchObject({ proof: "crc32c and crc64nvme read, crc64nvme stored" });
  const [execution, ...others] = await sharedOut(c, `azure-${source}-${idOf(3)}`);
  expect(others).toEqual([]);
  expect(execution).toEqual({ status: "SUCCEEDED", begun: 1, sent: [1, 2, 3, 4, 5, 6], failed: ["Runtime.ExitError"] });
  const { store } = c.local.clouds.azure;
  for (const { key } of await partsOf(c.store, idOf(3)))
    expect(Buffer.compare(await bytesOf(store, key), await bytesOf(c.store, key)), key).toBe(0);
});

test("a copy that was shared out is restored by the workflow", async () => {
  const ended = await c.ended(await c.start({ source, target: "desk", from: "azure", at: idOf(3) }));
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  expect(JSON.parse(ended.output ?? "{}")).toMatchObject({ slot: idOf(3), expected: 2, found: 2 });
});

test("another object under the key is named and told, and stays as it was", async () => {
  const { google } = c.local.clouds;
  const key = manifestKey({ source, slot: idOf(4) });
  const other = Buffer.from("somebody else's");
  await google.overwrite(key, other);
  await copied(4, ["sea", "azure"]);
  const { verdict, findings } = await evidenceOf(idOf(4), "google");
  expect({ verdict, findings }).toMatchObject({ verdict: "failed", findings: [{ name: "CopyDiffers", severity: "refuse" }] });
  expect(Buffer.compare(await bytesOf(google.store, key), other)).toBe(0);
  expect(await c.told((await said(idOf(4), "google"))?.key ?? "")).toContain("a proof failed");
  expect(await statusOf()).toMatchObject({
    verdict: "breach",
    reasons: [expect.stringContaining("no good copy in google")],
  });
});

test("what retention lets go is marked in each store by what stands there, and what it wants is not", async () => {
  for (const name of stores) {
    const { store } = c.local.clouds[name];
    const marks = async (n: number) =>
      await Promise.all((await listed(store, `backups/${source}/${idOf(n)}/`)).map((object) => store.mark.marked(object)));
    await until(`marks of ${idOf(2)} in ${name}`, async () => {
      const found = await marks(2);
      return found.length > 0 && found.every((mark) => mark?.release === "30d") ? true : undefined;
    });
    for (const wanted of [1, 3]) expect((await marks(wanted)).filter((mark) => mark?.release !== undefined)).toEqual([]);
  }
});

type Look = { source: string; failed: string[]; replayed: string[]; looked?: object };
async function lookIn(store: To): Promise<Look> {
  const { result, error } = await c.invoke(`sample-${store}`, { scheduled: "now" });
  expect(error).toBeUndefined();
  // Which source is looked at first changes.
  const sampled = (result as Look[]).find((look) => look.source === source);
  if (!sampled) throw new Error(`${source} was not looked at`);
  return sampled;
}
/** Evidence that was recorded a moment ago may be on its way. */
const missingNothing = (store: To) =>
  until(`a look in ${store} that misses nothing`, async () => {
    const sampled = await lookIn(store);
    return sampled.replayed.length === 0 ? sampled : undefined;
  });

test("a look at a copy opens some of it, compares it with the first store's, and misses nothing", async () => {
  expect(await missingNothing("azure")).toMatchObject({ source, looked: { against: ["age", "primary"] }, failed: [], notes: [] });
});

test("a byte that flipped in one artifact of one copy is found and told, and no other copy is blamed", async () => {
  const { store, overwrite } = c.local.clouds.sea;
  const [{ key } = { key: "" }] = (await listed(store, `backups/${source}/${idOf(1)}/`)).filter((object) => object.key.endsWith(".age"));
  const bytes = await bytesOf(store, key);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await overwrite(key, bytes);
  // Each look takes a random copy.
  const sampled = await until("a look that finds it", async () => {
    const found = await lookIn("sea");
    return found.failed.length > 0 ? found : undefined;
  });
  expect(sampled.failed).toEqual([backupId({ source, slot: idOf(1) })]);
  const { verdict, findings } = await evidenceOf(idOf(1), "sea");
  expect({ verdict, findings }).toMatchObject({ verdict: "failed", findings: [{ name: "copy-decayed", severity: "refuse" }] });
  expect(await c.told((await said(idOf(1), "sea"))?.key ?? "")).toContain("a proof failed");
  for (const n of [2, 3, 4]) expect((await said(idOf(n), "sea"))?.verdict).not.toBe("failed");
});

test("what is gone of copies is found, told where a copy is none without it, and made again, but for what was let go", async () => {
  const { store, remove } = c.local.clouds.google;
  await missingNothing("google");
  const before = (await listed(store, "")).map(({ key }) => key);
  const of = (n: number, text: string) => before.filter((key) => key.includes(idOf(n)) && key.includes(text));
  const lost = [...of(1, "manifest.json"), ...of(3, ".age"), ...of(3, "manifest.sig"), ...of(3, "evidence/readable/")];
  const key = before.find((key) => key.startsWith("keys/")) ?? "";
  const released = of(2, "backups/");
  expect([lost.length, released.length]).toEqual([4, 3]);
  for (const gone of [...lost, key, ...released]) await remove(gone);
  const hurt = [1, 3].map((n) => backupId({ source, slot: idOf(n) }));
  const sampled = await lookIn("google");
  expect(sampled).toMatchObject({ failed: expect.arrayContaining(hurt), replayed: hurt, counted: { backups: 1, files: 2 } });
  for (const n of [1, 3]) {
    const missed = await until(`evidence of the copy of ${idOf(n)}`, async () =>
      (await c.entry(source, idOf(n)))?.evidence.copied?.find(({ run, verdict }) => run.startsWith("google") && verdict === "failed"),
    );
    expect(await c.told(missed.key)).toContain("a proof failed");
    await until(`the copy of ${idOf(n)}, made again`, async () => ((await said(idOf(n), "google"))?.verdict === "ok" ? true : undefined));
  }
  const kept = before.filter((key) => !released.includes(key));
  expect((await listed(store, "")).map(({ key }) => key)).toEqual(expect.arrayContaining(kept));
  await missingNothing("google");
});

test("no secret of a store stands in a log, a notice, an execution or an object", async () => {
  const hidden = hiddenIn(c.local.clouds.secrets);
  expect(hidden.length).toBeGreaterThanOrEqual(6);
  const written = await everythingWritten(c);
  // What is looked for is found where it is.
  for (const place of ["StoreUnavailable", "holdfast-evidence/1", "ExecutionStarted", "a proof failed"])
    expect(
      written.some(({ text }) => text.includes(place)),
      place,
    ).toBe(true);
  expect(written.filter(({ text }) => hidden.some((value) => text.includes(value))).map(({ where }) => where)).toEqual([]);
  expect(written.flatMap(({ where, text }) => (tokenIn(text) === undefined ? [] : [where]))).toEqual([]);
});
