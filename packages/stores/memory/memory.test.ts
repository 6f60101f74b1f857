import { describe, expect, test } from "vitest";
import { nobody } from "../../../test/kit/identity.ts";
import { storeContract } from "../contract/contract.ts";
import { bytesOf, collect, context, inChunks } from "../contract/subject.ts";
import { memory } from "./kind.ts";
import { memoryStore } from "./memory.ts";
import { open } from "./open.ts";

const part = 1_048_576;

storeContract(
  "in memory",
  async () => {
    const store = memoryStore();
    return {
      store,
      part,
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
  { runs: 300, prunes: true },
);

describe("what tests may do behind the ports of the store in memory", () => {
  const day = 86_400_000;
  const create = (store: ReturnType<typeof memoryStore>, key: string) => store.create.create(key, inChunks(bytesOf(10)), context());

  test("lifecycle takes what is released, that old, and not locked", async () => {
    let time = 0;
    const store = memoryStore({ now: () => new Date(time) });
    const [released, locked, kept] = [await create(store, "released"), await create(store, "locked"), await create(store, "kept")];
    await store.mark.mark(released, { release: "30d" });
    await store.mark.mark(locked, { release: "30d" });
    await store.mark.mark(kept, { tier: "monthly" });
    await store.mark.lockUntil?.(locked, new Date(60 * day));
    time = 30 * day - 1;
    expect(store.inside.expire()).toEqual([]);
    time = 30 * day;
    expect(store.inside.expire()).toEqual([{ key: "released", version: released.version }]);
    expect(await store.read.head(released)).toBeUndefined();
    time = 60 * day;
    expect(store.inside.expire()).toEqual([{ key: "locked", version: locked.version }]);
    expect(await store.read.head(kept)).toMatchObject({ key: "kept" });
  });

  test("damage shows in the bytes and in nothing else", async () => {
    const store = memoryStore();
    const made = await create(store, "rotten");
    store.inside.damage(made, (bytes) => bytes.fill(0, 3, 4));
    expect((await collect(store.read.read(made)))[3]).toBe(0);
    expect(await store.read.head(made)).toMatchObject({ version: made.version, bytes: 10, at: made.at });
  });

  test("what was thawed can be read", async () => {
    const store = memoryStore();
    const made = await create(store, "cold");
    store.inside.archive(made);
    await store.thaw.thaw(made, 1);
    store.inside.finishThaw(made);
    expect((await collect(store.read.read(made))).length).toBe(10);
  });

  test("what a reader does to its chunks does not reach the store", async () => {
    const store = memoryStore();
    const made = await create(store, "mine");
    for await (const chunk of store.read.read(made)) chunk.fill(0);
    expect(await collect(store.read.read(made))).toEqual(Buffer.from(bytesOf(10)));
  });

  test("stores of one name are one store within a process", async () => {
    const surroundings = { secrets: async () => "", region: "eu-central-1", identity: nobody, use: "copy", now: () => new Date() } as const;
    const [one, same, other] = [
      await open(memory.config.parse({ name: "one" }), surroundings),
      await open(memory.config.parse({ name: "one" }), surroundings),
      await open(memory.config.parse({}), surroundings),
    ];
    const made = await one.create.create("k", inChunks(bytesOf(1)), context());
    expect(await same.read.head(made)).toMatchObject({ version: made.version });
    expect(await other.read.head({ key: "k" })).toBeUndefined();
  });
});
