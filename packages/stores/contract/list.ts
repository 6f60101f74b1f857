import type { Stored } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, freshPrefix, inChunks, keysOf, type Lacks, needing, type Subject } from "./subject.ts";

export function listContract(subject: () => Subject, lacks: Lacks): void {
  const create = (key: string, body = bytesOf(3)) => subject().store.create.create(key, inChunks(body), context());
  const listed = async (prefix: string) => {
    const found: Stored[] = [];
    for await (const one of subject().store.list.list(prefix)) found.push(one);
    return found;
  };

  describe("list", () => {
    test("lists what starts with the prefix and nothing else, with versions that can be read", async () => {
      const prefix = freshPrefix();
      const made = [await create(`${prefix}a/1`), await create(`${prefix}a/2`, bytesOf(7))];
      await create(`${prefix}b`);
      expect(await listed(`${prefix}a/`)).toMatchObject(
        made.map(({ key, version, bytes }) => ({ key, version, bytes, access: "now", sums: {} })),
      );
      expect(await keysOf(subject().store, `${prefix}a`)).toEqual(made.map(({ key }) => key));
      expect(await keysOf(subject().store, `${prefix}a/2`)).toEqual([`${prefix}a/2`]);
      expect(await keysOf(subject().store, `${prefix}nothing`)).toEqual([]);
      for (const one of await listed(`${prefix}a/2`))
        expect(digest(await collect(subject().store.read.read(one)))).toBe(digest(bytesOf(7)));
    });

    test("lists the newest version of a key once, and no delete marker", async () => {
      const prefix = freshPrefix();
      await create(`${prefix}over`);
      await subject().overwrite(`${prefix}over`, bytesOf(9));
      await create(`${prefix}removed`);
      await subject().remove(`${prefix}removed`);
      expect(await listed(prefix)).toMatchObject([{ key: `${prefix}over`, bytes: 9 }]);
    });

    test("lists more than a page, each key once, and can be left early", async () => {
      const prefix = freshPrefix();
      const keys = Array.from({ length: subject().page + 1 }, (_, i) => `${prefix}${String(i).padStart(5, "0")}`);
      for (let at = 0; at < keys.length; at += 50) await Promise.all(keys.slice(at, at + 50).map((key) => create(key)));
      await subject().overwrite(`${prefix}00000`, bytesOf(4));
      expect(await keysOf(subject().store, prefix)).toEqual(keys);
      for await (const { key } of subject().store.list.list(prefix)) {
        expect(key).toBe(keys[0]);
        break;
      }
    });

    test("lists every key of names that are each other's beginnings", async () => {
      const prefix = freshPrefix();
      const keys = ["a/x", "a-dump/x", "a.b", "a0", "b"].map((name) => prefix + name);
      for (const key of keys) await create(key);
      expect((await keysOf(subject().store, prefix)).toSorted()).toEqual(keys.toSorted());
    });

    needing(lacks, "keys within keys")("a key may go on where another one ends", async () => {
      const prefix = freshPrefix();
      const keys = ["a", "a/b", "a/b/c"].map((name) => prefix + name);
      for (const key of keys.toReversed()) await create(key);
      expect(await keysOf(subject().store, prefix)).toEqual(keys);
    });

    needing(lacks, "order")("orders keys by their UTF-8 bytes", async () => {
      const prefix = freshPrefix();
      const inOrder = ["Z", "a-dump/x", "a.b", "a/x", "a0", "b", "é", "\uFF5E", "\u{1F600}"].map((name) => prefix + name);
      for (const key of inOrder.toReversed()) await create(key);
      expect(await keysOf(subject().store, prefix)).toEqual(inOrder);
    });
  });
}
