import { ObjectArchived, ObjectMissing, ShortRead } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, freshPrefix, inChunks, type Lacks, needing, refOf, type Subject } from "./subject.ts";

/** Reads that were abandoned, more than an HTTP agent has sockets. */
const abandoned = 60;

export function readContract(subject: () => Subject, lacks: Lacks): void {
  const create = (key: string, body: Uint8Array) => subject().store.create.create(key, inChunks(body), context());
  const read = (...args: Parameters<Subject["store"]["read"]["read"]>) => collect(subject().store.read.read(...args));

  describe("head and read", () => {
    test("what does not exist has no head, and reading it throws ObjectMissing", async () => {
      const key = `${freshPrefix()}nothing`;
      const other = await create(`${freshPrefix()}other`, bytesOf(1));
      for (const at of [{ key }, { key, version: other.version }]) {
        expect(await subject().store.read.head(at)).toBeUndefined();
        await expect(read(at)).rejects.toBeInstanceOf(ObjectMissing);
        await expect(read(at, { from: 0, to: 0 })).rejects.toBeInstanceOf(ObjectMissing);
      }
    });

    needing(lacks, "versions")("reads and heads the version that it is asked for, also after somebody wrote over it", async () => {
      const first = await create(`${freshPrefix()}versions`, bytesOf(100, 1));
      await subject().overwrite(first.key, bytesOf(50, 2));
      expect(digest(await read(first))).toBe(digest(bytesOf(100, 1)));
      expect(digest(await read({ key: first.key }))).toBe(digest(bytesOf(50, 2)));
      expect(await subject().store.read.head(refOf(first))).toMatchObject({ version: first.version, bytes: 100 });
      expect((await subject().store.read.head({ key: first.key }))?.bytes).toBe(50);
    });

    needing(lacks, "versions")("a delete marker is no object, and the version below it stays readable", async () => {
      const first = await create(`${freshPrefix()}removed`, bytesOf(100));
      await subject().remove(first.key);
      expect(await subject().store.read.head({ key: first.key })).toBeUndefined();
      await expect(read({ key: first.key })).rejects.toBeInstanceOf(ObjectMissing);
      expect(digest(await read(refOf(first)))).toBe(digest(bytesOf(100)));
      const again = await create(first.key, bytesOf(3));
      expect(again.version).not.toBe(first.version);
    });

    test("never reads other bytes than those of the version that it is asked for", async () => {
      const first = await create(`${freshPrefix()}versions`, bytesOf(100, 1));
      await subject().overwrite(first.key, bytesOf(100, 2));
      const got = await read(refOf(first)).catch((error) => error);
      if (got instanceof Error) expect(got).toBeInstanceOf(ObjectMissing);
      else expect(digest(got)).toBe(digest(bytesOf(100, 1)));
    });

    test("hands out exactly the range, of small objects and across parts", async () => {
      const size = subject().part + 100_003;
      const body = bytesOf(size);
      const at = await create(`${freshPrefix()}ranges`, body);
      const { part } = subject();
      const ranges = [
        [0, 0],
        [size, size],
        [5, 5],
        [0, 1],
        [size - 1, size],
        [part - 1, part + 1],
        [65_535, 65_537],
        [0, size],
        [1, size - 1],
      ];
      for (const [from = 0, to = 0] of ranges) expect(digest(await read(at, { from, to }))).toBe(digest(body.subarray(from, to)));
    });

    test("an empty object ends at once", async () => {
      const at = await create(`${freshPrefix()}empty`, new Uint8Array());
      expect((await read(at)).length).toBe(0);
      expect((await read(at, { from: 0, to: 0 })).length).toBe(0);
    });

    test("a range that the object does not fill throws ShortRead instead of ending", async () => {
      const at = await create(`${freshPrefix()}short`, bytesOf(100));
      for (const range of [
        { from: 50, to: 101 },
        { from: 100, to: 101 },
        { from: 500, to: 600 },
      ])
        await expect(read(at, range)).rejects.toMatchObject({ name: "ShortRead", expected: range.to - range.from });
      const empty = await create(`${freshPrefix()}empty`, new Uint8Array());
      await expect(read(empty, { from: 0, to: 1 })).rejects.toBeInstanceOf(ShortRead);
    });

    test.each([
      { from: 2, to: 1 },
      { from: -1, to: 1 },
      { from: 0.5, to: 1 },
      { from: 0, to: Number.NaN },
    ])("refuses %o, which is no range", async (range) => {
      const at = await create(`${freshPrefix()}bad`, bytesOf(10));
      await expect(read(at, range)).rejects.toBeInstanceOf(RangeError);
    });

    test("stops with the signal's reason, before and between chunks", async () => {
      const at = await create(`${freshPrefix()}stopped`, bytesOf(subject().part));
      const reason = new Error("enough");
      await expect(read(at, undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
      const stop = new AbortController();
      const reading = async () => {
        for await (const _ of subject().store.read.read(at, undefined, stop.signal)) stop.abort(reason);
      };
      await expect(reading()).rejects.toBe(reason);
    });

    test("reads that are abandoned hold nothing", async () => {
      const body = bytesOf(subject().part);
      const at = await create(`${freshPrefix()}abandoned`, body);
      for (let i = 0; i < abandoned; i++) for await (const chunk of subject().store.read.read(at)) if (chunk.length > 0) break;
      expect(digest(await read(at))).toBe(digest(body));
    });

    needing(lacks, "archive")("an archived object throws ObjectArchived until it was thawed", async () => {
      const { store } = subject();
      const at = await subject().createArchived(`${freshPrefix()}archived`, bytesOf(10));
      expect(await store.read.head(at)).toMatchObject({ access: "archived" });
      await expect(read(at)).rejects.toBeInstanceOf(ObjectArchived);
      expect(await store.thaw?.thaw(at, 2)).toBe("thawing");
      expect(await store.thaw?.thaw(at, 2)).toBe("thawing");
      await expect(read(at)).rejects.toBeInstanceOf(ObjectArchived);
    });

    needing(lacks, "thawing shows")("head tells of a thaw under way", async () => {
      const { store } = subject();
      const at = await subject().createArchived(`${freshPrefix()}archived`, bytesOf(10));
      await store.thaw?.thaw(at, 2);
      expect(await store.read.head(at)).toMatchObject({ access: "thawing" });
    });

    needing(lacks, "archive")("thawing what is not archived is ready at once, and what does not exist is missing", async () => {
      const { store } = subject();
      const at = await create(`${freshPrefix()}warm`, bytesOf(10));
      expect(await store.thaw?.thaw(at, 2)).toBe("ready");
      const thawing = store.thaw?.thaw({ key: `${at.key}-not`, version: at.version }, 2) ?? Promise.resolve();
      await expect(thawing).rejects.toBeInstanceOf(ObjectMissing);
    });
  });
}
