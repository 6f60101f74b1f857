import { ObjectLocked, type Ref } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, freshPrefix, inChunks, keysOf, type Lacks, needing, refOf, type Subject } from "./subject.ts";

/** For stores that Holdfast may delete in. */
export function pruneContract(subject: () => Subject, lacks: Lacks): void {
  const create = async (key: string, body = bytesOf(10)) => refOf(await subject().store.create.create(key, inChunks(body), context()));
  const remove = async (at: Ref) => {
    const { prune } = subject().store;
    if (!prune) throw new Error("nothing can be deleted in the store");
    await prune.delete(at);
  };

  describe("prune", () => {
    test("deletes what it names, and everything else is still listed", async () => {
      const prefix = freshPrefix();
      const [gone, ...others] = await Promise.all(["a", "a.b", "ab", "b"].map((name) => create(`${prefix}${name}`)));
      if (!gone) throw new Error("nothing was made");
      await remove(gone);
      expect(await keysOf(subject().store, prefix)).toEqual(others.map(({ key }) => key).sort());
      expect(await subject().store.read.head({ key: gone.key })).toBeUndefined();
      expect(await subject().store.read.head(gone)).toBeUndefined();
      for (const at of others) expect(digest(await collect(subject().store.read.read(at)))).toBe(digest(bytesOf(10)));
    });

    test("deletes what came in parts", async () => {
      const at = await create(`${freshPrefix()}parts`, bytesOf(subject().part + 1));
      await remove(at);
      expect(await subject().store.read.head({ key: at.key })).toBeUndefined();
    });

    test("twice is harmless, and so is what never was", async () => {
      const at = await create(`${freshPrefix()}twice`);
      await remove(at);
      await remove(at);
      await remove({ key: `${at.key}-never`, version: at.version });
      expect(await subject().store.read.head({ key: at.key })).toBeUndefined();
    });

    test("leaves another version that stands at the key", async () => {
      const at = await create(`${freshPrefix()}other`);
      await subject().overwrite(at.key, bytesOf(20, 2));
      await remove(at);
      const newest = await subject().store.read.head({ key: at.key });
      expect(newest?.bytes).toBe(20);
      expect(newest?.version).not.toBe(at.version);
      await remove({ key: at.key, version: at.version });
      expect(digest(await collect(subject().store.read.read({ key: at.key })))).toBe(digest(bytesOf(20, 2)));
    });

    test("a key that is free again can be taken again", async () => {
      const at = await create(`${freshPrefix()}again`);
      await remove(at);
      const made = await create(at.key, bytesOf(30, 3));
      expect((await subject().store.read.head(made))?.bytes).toBe(30);
    });

    needing(lacks, "locks")("what a lock holds stays, and it says until when", async () => {
      const at = await create(`${freshPrefix()}locked`);
      const until = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 86_400_000);
      await subject().store.mark.lockUntil?.(at, until);
      const refused = await subject()
        .store.prune?.delete(at)
        .catch((error) => error);
      expect(refused).toBeInstanceOf(ObjectLocked);
      expect([refused.key, refused.until]).toEqual([at.key, until]);
      expect(await subject().store.read.head(at)).toBeDefined();
    });
  });
}

/** Of a store whose own rules delete by marks. */
export function noPruneContract(subject: () => Subject): void {
  test("nobody deletes: there is no port for it", () => {
    expect(subject().store.prune).toBeUndefined();
  });
}
