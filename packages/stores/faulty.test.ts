import { ObjectExists, ShortRead, type Store } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { storeContract } from "./contract/contract.ts";
import { bytesOf, collect, context, digest, inChunks, keysOf } from "./contract/subject.ts";
import { type Fault, faulty } from "./faulty.ts";
import { memoryStore } from "./memory/memory.ts";

const lost = new Error("the connection broke");
const create = (store: Store, key: string, size = 1_000) => store.create.create(key, inChunks(bytesOf(size), 100), context());

storeContract(
  "faulty without faults",
  async () => {
    const store = memoryStore();
    return {
      store: faulty(store, []),
      part: 1_048_576,
      page: 1_000,
      uploads: async (prefix) => store.inside.uploads().filter(({ key }) => key.startsWith(prefix)).length,
      overwrite: async (key, bytes) => store.inside.overwrite(key, bytes),
      remove: async (key) => store.inside.remove(key),
      createArchived: async (key, bytes) => {
        const made = await store.create.create(key, inChunks(bytes), context());
        store.inside.archive(made);
        return made;
      },
    };
  },
  { runs: 50, prunes: true },
);

describe("a faulty store", () => {
  const broken = (...faults: Fault[]) => {
    const inner = memoryStore();
    return { inner, store: faulty(inner, faults) };
  };

  test("fails the call that it is told to, before its effect, and no other", async () => {
    const { inner, store } = broken({ method: "create.create", nth: 2, before: lost });
    await create(store, "a");
    await expect(create(store, "b")).rejects.toBe(lost);
    await create(store, "b");
    expect(await keysOf(inner, "")).toEqual(["a", "b"]);
    expect(store.calls.filter(({ method }) => method === "create.create")).toHaveLength(3);
  });

  test("fails after the effect, as a lost answer looks", async () => {
    const { inner, store } = broken({ method: "create.create", nth: 1, after: lost });
    await expect(create(store, "a")).rejects.toBe(lost);
    expect(await keysOf(inner, "")).toEqual(["a"]);
    await expect(create(store, "a")).rejects.toBeInstanceOf(ObjectExists);
  });

  test("fails only the calls about one key, and counts those", async () => {
    const { store } = broken({ method: "mark.mark", key: "b", nth: 2, before: lost });
    const [a, b] = [await create(store, "a"), await create(store, "b")];
    for (const at of [a, a, b]) await store.mark.mark(at, { garbage: true });
    await expect(store.mark.mark(b, {})).rejects.toBe(lost);
    expect(await store.mark.marked(b)).toEqual({ garbage: true });
  });

  test("holds a call until it is let go", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { inner, store } = broken({ method: "create.create", hold: promise });
    const creating = create(store, "a");
    expect(await keysOf(inner, "")).toEqual([]);
    resolve();
    await creating;
    expect(await keysOf(inner, "")).toEqual(["a"]);
  });

  test.each([0, 1, 100, 150, 999])("cuts a body after %i bytes and says so", async (cut) => {
    const { store } = broken({ method: "read.read", cut });
    await create(store, "a");
    const got: Uint8Array[] = [];
    const reading = async () => {
      for await (const chunk of store.read.read({ key: "a" })) got.push(chunk);
    };
    await expect(reading()).rejects.toBeInstanceOf(ShortRead);
    expect(digest(Buffer.concat(got))).toBe(digest(bytesOf(1_000).subarray(0, cut)));
  });

  test("cuts a body silently, on the way in and on the way out", async () => {
    const { inner, store } = broken({ method: "read.read", cut: 10, silently: true }, { method: "create.create", cut: 20, silently: true });
    await create(store, "a");
    expect((await inner.read.head({ key: "a" }))?.bytes).toBe(20);
    expect((await collect(store.read.read({ key: "a" }))).length).toBe(10);
  });

  test("flips one bit and changes nothing in the store", async () => {
    const { inner, store } = broken({ method: "read.read", flip: 250 });
    await create(store, "a");
    const [right, wrong] = [await collect(inner.read.read({ key: "a" })), await collect(store.read.read({ key: "a" }))];
    expect(wrong.length).toBe(right.length);
    expect([...right].flatMap((byte, i) => (byte === wrong[i] ? [] : [i]))).toEqual([250]);
  });

  test("fails listings and uploads too", async () => {
    const { store } = broken({ method: "list.list", before: lost }, { method: "ranges.commit", nth: 1, after: lost });
    await expect(keysOf(store, "")).rejects.toBe(lost);
    const upload = await store.ranges.begin("a", 10);
    const part = await store.ranges.put(upload, 1, inChunks(bytesOf(10)), context());
    await expect(store.ranges.commit(upload, [part])).rejects.toBe(lost);
    expect(await store.ranges.commit(upload, [part])).toMatchObject({ key: "a", bytes: 10 });
  });

  test("names every call, so that each effect can be made to fail in turn", async () => {
    const work = async (store: Store) => {
      const made = await create(store, "a");
      await store.mark.mark(made, { garbage: true });
      await collect(store.read.read(made));
    };
    const { calls } = await (async () => {
      const { store } = broken();
      await work(store);
      return store;
    })();
    expect(calls.map(({ method }) => method)).toEqual(["create.create", "mark.mark", "read.read"]);
    for (const { method, key } of calls) await expect(work(broken({ method, key, before: lost }).store)).rejects.toBe(lost);
  });
});
