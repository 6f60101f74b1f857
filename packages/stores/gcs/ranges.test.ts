import {
  type FanOut,
  ObjectExists,
  OutcomeUnknown,
  type Part,
  relay,
  type Store,
  StoreDenied,
  StoreUnavailable,
  type Upload,
  UploadGone,
} from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, inChunks, keysOf } from "../contract/subject.ts";
import { PartsMissing } from "../errors.ts";
import { memoryStore } from "../memory/memory.ts";
import { crc32c } from "./kit/fakegcs/crc32c.ts";
import { xmlRefusal } from "./kit/fakegcs/reply.ts";
import { accessOf, everything, opened, part, storeOn } from "./kit/subject.ts";
import { RightsTooWide } from "./rights.ts";

const body = bytesOf(2 * part + 17);
const count = 3;
const always = 100;
const slice = (n: number) => body.subarray((n - 1) * part, n * part);
const hexOf = (bytes: Uint8Array) => Buffer.from(crc32c(bytes), "base64").toString("hex");
const put = ({ ranges }: Store, upload: Upload, n: number) => ranges.put(upload, n, inChunks(slice(n)), context());
async function uploaded(store: Store, key = "k"): Promise<{ upload: Upload; parts: Part[] }> {
  const upload = await store.ranges.begin(key, body.length);
  const parts = await Promise.all(Array.from({ length: count }, (_, i) => put(store, upload, i + 1)));
  return { upload, parts };
}

describe("uploads in parts to Google Cloud Storage", () => {
  test("no request of them has a precondition, which Google would refuse", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    await store.ranges.commit(upload, parts);
    const conditional = fake.asked.filter(
      ({ query, headers }) => query.has("ifGenerationMatch") || "x-goog-if-generation-match" in headers,
    );
    expect(conditional).toEqual([]);
  });

  test("whoever may delete may overwrite, and is refused before anything is sent", async () => {
    const { fake } = await opened();
    const store = storeOn(fake, { access: accessOf(fake, [...everything, "storage.objects.delete"]) });
    await expect(store.ranges.begin("k", body.length)).rejects.toMatchObject({
      name: "RightsTooWide",
      hint: expect.stringContaining("objectCreator"),
    });
    expect(fake.asked.map(({ call }) => call)).toEqual(["GET testPermissions"]);
    const other = { key: "k", token: "name.id", part, bytes: 0 };
    await expect(store.ranges.commit(other, [])).rejects.toBeInstanceOf(RightsTooWide);
  });

  test("rights are asked for once, and again where the answer did not come", async () => {
    const { fake, store } = await opened();
    fake.faults.push({ call: "GET testPermissions", reset: "before", times: 6 });
    await expect(store.ranges.begin("k", 1)).rejects.toBeInstanceOf(StoreUnavailable);
    await store.ranges.begin("k", 1);
    await store.ranges.begin("l", 1);
    expect(fake.asked.filter(({ call }) => call === "GET testPermissions")).toHaveLength(1);
  });

  test("somebody who was faster between the look and the commit is left alone, since overwriting needs a right that nobody has", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    fake.meanwhile = ({ call }) => void (call === "POST complete" && fake.bucket.make("k", bytesOf(5)));
    await expect(store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(ObjectExists);
    expect(fake.bucket.live("k")?.bytes.length).toBe(5);
  });

  test("a key that is taken is seen before anything is committed", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    fake.bucket.make("k", bytesOf(5));
    await expect(store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(ObjectExists);
    expect(fake.asked.map(({ call }) => call)).not.toContain("POST complete");
  });

  test("a refusal to commit for want of a right is told as one", async () => {
    const { fake } = await opened();
    const { upload, parts } = await uploaded(storeOn(fake));
    const poor = storeOn(fake, { access: accessOf(fake, ["storage.objects.list"]) });
    await expect(poor.ranges.commit(upload, parts)).rejects.toBeInstanceOf(StoreDenied);
  });

  test("each part tells what the server stored, and the object what it is as a whole", async () => {
    const { store } = await opened();
    const { upload, parts } = await uploaded(store);
    expect(parts.map(({ sums }) => sums.crc32c)).toEqual([1, 2, 3].map((n) => hexOf(slice(n))));
    const made = await store.ranges.commit(upload, parts);
    expect(made.sums).toEqual({ crc32c: hexOf(body) });
  });

  test("a bit that changes in a part is refused by its digest", async () => {
    const { fake, store } = await opened();
    const upload = await store.ranges.begin("k", body.length);
    fake.faults.push({ call: "PUT part", alter: true });
    await expect(put(store, upload, 1)).rejects.toMatchObject({
      name: "StoreUnavailable",
      message: expect.stringContaining("changed on the way"),
    });
    for await (const listed of store.ranges.parts(upload)) expect(listed).toBeUndefined();
  });

  test.each(["before", "midway", "after"] as const)("a connection that breaks %s a part took effect costs a try", async (reset) => {
    const { fake, store } = await opened();
    const upload = await store.ranges.begin("k", body.length);
    fake.faults.push({ call: "PUT part", reset });
    expect(await put(store, upload, 1)).toMatchObject({ n: 1, bytes: part });
  });

  test("what a worker sent before it died is not sent again: no part stands there that Google did not check", async () => {
    const { fake, store } = await opened();
    const { upload } = await uploaded(store);
    const from = memoryStore();
    const source = await from.create.create("k", inChunks(body), context(), body.length);
    const job: FanOut = { source, signed: { bytes: body.length, sums: {} }, upload, ranges: [] };
    const sent = () => fake.asked.filter(({ call }) => call === "PUT part").length;
    expect(sent()).toBe(count);
    const relayed = await relay(job, { first: 1, last: count }, from, { ...store, name: "gcs", fits: body.length }, context());
    expect(relayed).toMatchObject({ state: "sent", bytes: body.length, sums: { crc32c: hexOf(body) } });
    expect(sent()).toBe(count);
  });

  test("many parts are listed page by page", async () => {
    const { fake, store } = await opened({ page: 2 });
    const { upload, parts } = await uploaded(store);
    const listed: Part[] = [];
    for await (const one of store.ranges.parts(upload)) listed.push(one);
    expect(listed.map(({ n, bytes, etag }) => ({ n, bytes, etag }))).toEqual(parts.map(({ n, bytes, etag }) => ({ n, bytes, etag })));
    expect(fake.asked.filter(({ call }) => call === "GET parts")).toHaveLength(2);
  });

  test.each([1, always])("a commit whose answer is lost %d times is found done", async (times) => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    fake.faults.push({ call: "POST complete", reset: "after", times });
    const made = await store.ranges.commit(upload, parts);
    expect(digest(await collect(store.read.read(made)))).toBe(digest(body));
  });

  test("a commit that never arrives is OutcomeUnknown, and may be sent again", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    fake.faults.push({ call: "POST complete", reset: "before", times: 6 });
    await expect(store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(await keysOf(store, "")).toEqual([]);
    expect(await store.ranges.commit(upload, parts)).toMatchObject({ bytes: body.length });
  });

  test("a commit after which nobody can look is OutcomeUnknown", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    fake.faults.push({ call: "GET list", after: 1, reset: "before", times: always });
    await expect(store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(OutcomeUnknown);
  });

  test("an error that comes after the answer had begun well is one", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    const late = { ...xmlRefusal(200, "InternalError").reply, status: 200 };
    fake.faults.push({ call: "POST complete", answer: late });
    await expect(store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(OutcomeUnknown);
  });

  test("a commit that is said to be done and is not there is no success", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    fake.faults.push({ call: "POST complete", answer: { status: 200, body: "<CompleteMultipartUploadResult/>" } });
    const lost = await store.ranges.commit(upload, parts).catch((error) => error);
    expect([lost.name, lost.message]).toEqual(["StoreUnavailable", "k was made and is not there"]);
  });

  test("an object of the same upload and another length is not it", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    await store.ranges.commit(upload, parts);
    const made = fake.bucket.live("k");
    if (made) made.bytes = made.bytes.subarray(1);
    await expect(store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(ObjectExists);
  });

  test("parts that are too small are what the store does not take", async () => {
    const { fake } = await opened();
    const store = storeOn(fake, { part: 1_000, limits: { minPart: 1 } });
    const upload = await store.ranges.begin("k", 1_500);
    const parts = [await store.ranges.put(upload, 1, inChunks(bytesOf(1_000)), context())];
    parts.push(await store.ranges.put(upload, 2, inChunks(bytesOf(500)), context()));
    await expect(store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(PartsMissing);
  });

  test("an upload that Google forgot is UploadGone for every call but abort", async () => {
    const { fake, store } = await opened();
    const { upload, parts } = await uploaded(store);
    fake.bucket.uploads.clear();
    await expect(put(store, upload, 1)).rejects.toBeInstanceOf(UploadGone);
    await expect(store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(UploadGone);
    await store.ranges.abort(upload);
  });

  test("an abort that is refused is told", async () => {
    const { fake } = await opened();
    const { upload } = await uploaded(storeOn(fake));
    const poor = storeOn(fake, { access: accessOf(fake, []) });
    await expect(poor.ranges.abort(upload)).rejects.toBeInstanceOf(StoreDenied);
  });
});
