import http from "node:http";
import type { AddressInfo } from "node:net";
import { LockShortened, ObjectMissing, StoreDenied, StoreUnavailable, UploadGone } from "@holdfast/core";
import { afterEach, describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, inChunks, keysOf } from "../contract/subject.ts";
import { exchangeWith } from "../exchange.ts";
import { type FakeAzure, refusal } from "./kit/fakeazure.ts";
import { smallParts } from "./kit/subject.ts";
import { world } from "./kit/world.ts";

const fakes: FakeAzure[] = [];
afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.close();
});
async function started(options: Parameters<typeof world>[0] = {}) {
  const made = await world(options);
  fakes.push(made.fake);
  const create = (body: Uint8Array) => made.store.create.create("k", inChunks(body), context());
  return { ...made, create };
}
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );
const body = bytesOf(400_000);

describe("reading from Azure", () => {
  test("goes on where the connection broke, with the same version, whatever is written over it meanwhile", async () => {
    const { store, fake, create } = await started();
    const { version } = await create(body);
    fake.meddle = ({ call }, nth) => (call === "Get Blob" && nth <= 3 ? "cut" : undefined);
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.read.read({ key: "k" })) {
      chunks.push(chunk);
      fake.container.write("k", Buffer.from(bytesOf(500_000, chunks.length)), {});
    }
    expect(digest(Buffer.concat(chunks))).toBe(digest(body));
    const pins = fake.seen.flatMap(({ call, query }) => (call === "Get Blob" ? [query.get("versionid")] : []));
    expect(pins).toEqual([null, version, version, version]);
  });

  test("what ends again and again before its first byte is ShortRead", async () => {
    const { store, fake, create } = await started();
    await create(body);
    fake.meddle = ({ call }) =>
      call === "Get Blob" ? { status: 206, headers: { "content-range": "bytes 0-8/9", etag: '"e"' } } : undefined;
    const error = await thrown(collect(store.read.read({ key: "k" }, { from: 0, to: 9 })));
    expect(error).toMatchObject({ name: "ShortRead", expected: 9, got: 0 });
    expect(fake.seen.filter(({ call }) => call === "Get Blob")).toHaveLength(3);
  });

  test("a version that went away is ObjectMissing, by id and by ETag", async () => {
    for (const versions of [true, false]) {
      const { store, fake, create } = await started({ versions, locks: false });
      const at = await create(body);
      fake.container.blobs.clear();
      expect(await thrown(collect(store.read.read(at)))).toBeInstanceOf(ObjectMissing);
      await create(bytesOf(3));
      expect(await thrown(collect(store.read.read(at)))).toBeInstanceOf(ObjectMissing);
      expect(await store.read.head(at)).toBeUndefined();
    }
  });

  test("a service that is not there is StoreUnavailable, after as many tries as any other trouble", async () => {
    const { store, fake, waits } = await started();
    await fake.close();
    const error = await thrown(store.read.head({ key: "k" }));
    expect(error).toMatchObject({ name: "StoreUnavailable", message: expect.stringContaining("ECONNREFUSED") });
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
  });

  test("a service that takes the request and stays silent is given up", async () => {
    const silent = http.createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const exchange = exchangeWith(new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`), {
      silence: 30,
      connecting: 60_000,
    });
    const error = await thrown(exchange({ method: "GET", path: "/", headers: {} }));
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
    expect(error.message).toContain("silent");
  });

  test("an answer that breaks off is asked for again", async () => {
    const { store, fake, create } = await started();
    await create(body);
    fake.meddle = ({ call }, nth) => (call === "List Blobs" && nth === 1 ? "cut" : undefined);
    expect(await keysOf(store, "")).toEqual(["k"]);
  });

  test("a container that is not there has no objects that are missing: that is said instead", async () => {
    const { store, fake } = await started();
    fake.meddle = () => refusal(404, "ContainerNotFound");
    expect(await thrown(store.read.head({ key: "k" }))).toBeInstanceOf(StoreUnavailable);
    expect(await thrown(keysOf(store, ""))).toBeInstanceOf(StoreUnavailable);
  });

  test("a wait for the next try ends when the signal fires", async () => {
    const reason = new Error("the deadline is near");
    const stop = new AbortController();
    const { store, fake } = await started({
      wait: () => {
        stop.abort(reason);
        return new Promise(() => {});
      },
    });
    fake.meddle = () => refusal(503, "ServerBusy");
    expect(await thrown(collect(store.read.read({ key: "k" }, undefined, stop.signal)))).toBe(reason);
  });
});

describe("marks in Azure", () => {
  test("need the right to tags and no other, and a mark cannot read", async () => {
    const { as, fake, create } = await started();
    const at = await create(body);
    fake.tokens.set("mark", "t");
    const marker = as("mark");
    await marker.mark.mark(at, { release: "30d", tier: "monthly" });
    expect(await marker.mark.marked(at)).toEqual({ release: "30d", tier: "monthly" });
    expect(fake.container.current("k")?.tags).toEqual(
      new Map([
        ["release", "30d"],
        ["tier", "monthly"],
      ]),
    );
    expect(await thrown(collect(marker.read.read(at)))).toBeInstanceOf(StoreDenied);
    expect(await thrown(marker.create.create("other", inChunks(body), context()))).toBeInstanceOf(StoreDenied);
  });

  test("head goes without the mark where the role may not see tags, and asks for none where there are none", async () => {
    const { as, store, fake, create } = await started();
    const at = await create(body);
    expect(await store.read.head(at)).not.toHaveProperty("mark");
    expect(fake.seen.filter(({ call }) => call === "Get Blob Tags")).toEqual([]);
    await store.mark.mark(at, { garbage: true });
    fake.tokens.set("read", "r");
    expect(await as("read").read.head(at)).not.toHaveProperty("mark");
    expect(await store.read.head(at)).toMatchObject({ mark: { garbage: true } });
  });

  test("who may lock and not look is told by Azure that a lock cannot be shortened", async () => {
    const { as, store, fake, create } = await started();
    const at = await create(body);
    fake.tokens.set("lock", "i");
    const [near, far] = [new Date(Date.now() + 3_600_000), new Date(Date.now() + 7_200_000)];
    await as("lock").mark.lockUntil?.(at, far);
    expect(await thrown(as("lock").mark.lockUntil?.(at, near) ?? Promise.resolve())).toBeInstanceOf(LockShortened);
    expect(Math.abs(((await store.read.head(at))?.lockedUntil?.getTime() ?? 0) - far.getTime())).toBeLessThan(1_000);
  });

  test("a lock that would be shortened is not even asked for by who may look, and what is not archived is not moved", async () => {
    const { store, fake, create } = await started();
    const at = await create(body);
    const far = new Date(Date.now() + 7_200_000);
    await store.mark.lockUntil?.(at, far);
    fake.seen.splice(0);
    expect(await thrown(store.mark.lockUntil?.(at, new Date(far.getTime() - 60_000)) ?? Promise.resolve())).toBeInstanceOf(LockShortened);
    expect(await store.thaw?.thaw(at, 1)).toBe("ready");
    expect(fake.seen.filter(({ method }) => method === "PUT")).toEqual([]);
  });

  test("an account without what was asked for says which feature it lacks", async () => {
    const { store, fake, create } = await started();
    const at = await create(body);
    fake.meddle = ({ call }) => (call === "Set Blob Immutability Policy" ? refusal(409, "FeatureNotEnabled") : undefined);
    const error = await thrown(store.mark.lockUntil?.(at, new Date(Date.now() + 3_600_000)) ?? Promise.resolve());
    expect(error).toMatchObject({ name: "StoreUnavailable", hint: expect.stringContaining("immutability") });
  });

  test("a blob that somebody else thaws meanwhile is thawing", async () => {
    const { store, fake, create } = await started();
    const at = await create(body);
    const found = fake.container.find("k", at.version);
    found.tier = "Archive";
    fake.meddle = ({ call }) => (call === "Set Blob Tier" ? refusal(409, "BlobBeingRehydrated") : undefined);
    expect(await store.thaw?.thaw(at, 1)).toBe("thawing");
  });
});

describe("uploads in Azure", () => {
  const upload = async (store: Awaited<ReturnType<typeof started>>["store"]) => store.ranges.begin("k", 2 * smallParts.part);
  const part = (n: number) => inChunks(bytesOf(smallParts.part, n));

  test("a worker that goes on for long learns that its upload is gone", async () => {
    const { store, fake } = await started();
    const open = await store.ranges.begin("k", 40 * 1_000);
    const tiny = { ...open, part: 1_000 };
    for (let n = 1; n <= 32; n++) await store.ranges.put(tiny, n, inChunks(bytesOf(1_000)), context());
    fake.container.blocks.clear();
    expect(await thrown(store.ranges.put(tiny, 33, inChunks(bytesOf(1_000)), context()))).toBeInstanceOf(UploadGone);
    expect(fake.seen.filter(({ call }) => call === "Get Block List")).toHaveLength(2);
  });

  test("what another upload of the same key sent is no part of ours, and one of another program none of anybody's", async () => {
    const { store, fake } = await started();
    const [ours, theirs] = [await upload(store), await upload(store)];
    await store.ranges.put(ours, 1, part(1), context());
    await store.ranges.put(theirs, 2, part(2), context());
    const foreign = Buffer.alloc(54, "x").toString("base64");
    fake.container.blocks.get("k")?.set(foreign, Buffer.from("x"));
    const found = [];
    for await (const one of store.ranges.parts(ours)) found.push(one);
    expect(found).toMatchObject([{ n: 1, bytes: smallParts.part, sums: { crc64nvme: expect.any(String) } }]);
  });

  test("a commit whose answer was lost for good is settled by the object", async () => {
    const { store, fake } = await started();
    const open = await upload(store);
    const parts = [await store.ranges.put(open, 1, part(1), context()), await store.ranges.put(open, 2, part(2), context())];
    fake.meddle = ({ call }, nth) => (call === "Put Block List" ? (nth === 1 ? "lose" : refusal(500, "InternalError")) : undefined);
    expect(await store.ranges.commit(open, parts)).toMatchObject({ bytes: 2 * smallParts.part, version: fake.container.current("k")?.id });
  });
});
