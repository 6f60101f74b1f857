import { HoldfastError, ObjectExists, ObjectTooLarge, type Part, ShortRead, type Upload, UploadGone } from "@holdfast/core";
import { beforeAll, describe, expect, test as always } from "vitest";
import { PartsMissing } from "../errors.ts";
import { partCount } from "../partsize.ts";
import {
  atRandom,
  bytesOf,
  collect,
  context,
  digest,
  failing,
  freshPrefix,
  inChunks,
  keysOf,
  type Lacks,
  needing,
  type Subject,
} from "./subject.ts";

export function rangesContract(subject: () => Subject, lacks: Lacks): void {
  /** Where the first is expected to fail, the others have nothing to say. */
  const test = lacks.ranges === undefined ? always : always.skip;
  const ranges = () => subject().store.ranges;
  const listed = async (upload: Upload) => {
    const found: Part[] = [];
    for await (const part of ranges().parts(upload)) found.push(part);
    return found;
  };
  const put = (upload: Upload, n: number, body: Uint8Array) =>
    ranges().put(upload, n, inChunks(body.subarray((n - 1) * upload.part, n * upload.part)), context());
  const numbers = (upload: Upload) => Array.from({ length: partCount(upload) }, (_, i) => i + 1);

  describe("ranges", () => {
    let body: Uint8Array;
    beforeAll(() => {
      body = bytesOf(2 * Math.max(ranges().limits.minPart, subject().part) + 12_345);
    });
    const begun = async (prefix = freshPrefix()) => ranges().begin(`${prefix}object`, body.length);

    needing(lacks, "ranges")("parts sent at once and out of order make the object, byte for byte", async () => {
      const prefix = freshPrefix();
      const upload = await begun(prefix);
      expect(numbers(upload).length).toBeGreaterThan(1);
      await Promise.all(numbers(upload).map((n) => put(upload, partCount(upload) + 1 - n, body)));
      expect(await keysOf(subject().store, prefix)).toEqual([]);
      const parts = await listed(upload);
      expect(parts.map(({ n }) => n)).toEqual(numbers(upload));
      expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(body.length);
      const made = await ranges().commit(upload, parts);
      expect(made).toMatchObject({ key: upload.key, bytes: body.length, access: "now" });
      expect(digest(await collect(subject().store.read.read(made)))).toBe(digest(body));
      expect(await subject().uploads(prefix)).toBe(0);
    });

    test("a part may be sent again, and another worker may go on with what parts() tells", async () => {
      const upload = await begun();
      await put(upload, 1, body);
      await put(upload, 1, body);
      const elsewhere: Upload = JSON.parse(JSON.stringify(upload));
      const there = new Set((await listed(elsewhere)).map(({ n }) => n));
      expect(there).toEqual(new Set([1]));
      for (const n of numbers(elsewhere)) if (!there.has(n)) await put(elsewhere, n, body);
      const made = await ranges().commit(elsewhere, await listed(elsewhere));
      expect(digest(await collect(subject().store.read.read(made)))).toBe(digest(body));
    });

    test("an object of no bytes has one empty part", async () => {
      const upload = await ranges().begin(`${freshPrefix()}empty`, 0);
      const part = await put(upload, 1, new Uint8Array());
      expect(await ranges().commit(upload, [part])).toMatchObject({ bytes: 0 });
    });

    test("a commit that is sent again finds its own work done", async () => {
      const upload = await begun();
      const parts = await Promise.all(numbers(upload).map((n) => put(upload, n, body)));
      const made = await ranges().commit(upload, parts);
      expect(await ranges().commit(upload, parts)).toMatchObject({ key: made.key, version: made.version, bytes: made.bytes });
    });

    test("a commit onto a taken key throws ObjectExists and changes nothing", async () => {
      const upload = await begun();
      const parts = await Promise.all(numbers(upload).map((n) => put(upload, n, body)));
      const first = await subject().store.create.create(upload.key, inChunks(bytesOf(9)), context());
      await expect(ranges().commit(upload, parts)).rejects.toBeInstanceOf(ObjectExists);
      expect(await subject().store.read.head({ key: upload.key })).toMatchObject({ version: first.version, bytes: 9 });
      await ranges().abort(upload);
    });

    const race = lacks.ranges === undefined ? atRandom(lacks, "one winner in parts") : test;
    race("of two commits at once one makes the object", async () => {
      const prefix = freshPrefix();
      const uploads = [await begun(prefix), await begun(prefix)];
      const commits = uploads.map(async (upload, i) => {
        const other = bytesOf(body.length, i + 1);
        const parts = await Promise.all(numbers(upload).map((n) => put(upload, n, other)));
        return ranges().commit(upload, parts);
      });
      const done = await Promise.allSettled(commits);
      expect(done.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(done.flatMap((one) => (one.status === "rejected" ? [one.reason] : []))).toEqual([expect.any(ObjectExists)]);
      for (const upload of uploads) await ranges().abort(upload);
      expect(await subject().uploads(prefix)).toBe(0);
    });

    test("a commit of fewer parts than the upload has, or of others than it holds, throws PartsMissing", async () => {
      const upload = await begun();
      const parts = await Promise.all(numbers(upload).map((n) => put(upload, n, body)));
      await expect(ranges().commit(upload, parts.slice(1))).rejects.toBeInstanceOf(PartsMissing);
      const wrong = parts.map((part, i) => (i === 0 ? { ...part, etag: `"${"0".repeat(32)}"` } : part));
      await expect(ranges().commit(upload, wrong)).rejects.toBeInstanceOf(PartsMissing);
      expect(await subject().store.read.head({ key: upload.key })).toBeUndefined();
      expect(await ranges().commit(upload, parts)).toMatchObject({ bytes: body.length });
    });

    test("a part that ends early throws ShortRead, one that goes on RangeError, and neither is stored", async () => {
      const upload = await begun();
      const short = body.subarray(0, upload.part - 1);
      await expect(ranges().put(upload, 1, inChunks(short), context())).rejects.toBeInstanceOf(ShortRead);
      await expect(ranges().put(upload, 1, inChunks(body.subarray(0, upload.part + 1)), context())).rejects.toBeInstanceOf(RangeError);
      const error = new Error("the source failed");
      await expect(ranges().put(upload, 1, failing(body, 100, error), context())).rejects.toBe(error);
      await expect(put(upload, 0, body)).rejects.toBeInstanceOf(RangeError);
      await expect(put(upload, partCount(upload) + 1, body)).rejects.toBeInstanceOf(RangeError);
      expect(await listed(upload)).toEqual([]);
      await ranges().abort(upload);
    });

    test("stops with the signal's reason", async () => {
      const upload = await begun();
      const reason = new Error("enough");
      await expect(ranges().put(upload, 1, inChunks(body), context(AbortSignal.abort(reason)))).rejects.toBe(reason);
      await ranges().abort(upload);
    });

    test("an upload that was aborted is gone: twice is harmless, everything else throws UploadGone", async () => {
      const prefix = freshPrefix();
      const upload = await begun(prefix);
      const part = await put(upload, 1, body);
      await ranges().abort(upload);
      await ranges().abort(upload);
      expect(await subject().uploads(prefix)).toBe(0);
      await expect(put(upload, 2, body)).rejects.toBeInstanceOf(UploadGone);
      await expect(listed(upload)).rejects.toBeInstanceOf(UploadGone);
      await expect(ranges().commit({ ...upload, bytes: part.bytes }, [part])).rejects.toBeInstanceOf(UploadGone);
      expect(await keysOf(subject().store, prefix)).toEqual([]);
    });

    test("a committed upload takes no more parts, and what another one would have made does not pass for it", async () => {
      const prefix = freshPrefix();
      const [upload, other] = [await begun(prefix), await begun(prefix)];
      const parts = await Promise.all(numbers(upload).map((n) => put(upload, n, body)));
      const others = await Promise.all(numbers(other).map((n) => put(other, n, bytesOf(body.length, 2))));
      await ranges().commit(upload, parts);
      await ranges().abort(other);
      await expect(ranges().commit(other, others)).rejects.toBeInstanceOf(HoldfastError);
      await expect(put(upload, 1, body)).rejects.toBeInstanceOf(UploadGone);
      await ranges().abort(upload);
      expect((await subject().store.read.head({ key: upload.key }))?.bytes).toBe(body.length);
    });

    test("refuses what no number of parts would hold", async () => {
      const { maxObject } = ranges().limits;
      await expect(ranges().begin(`${freshPrefix()}huge`, maxObject + 1)).rejects.toBeInstanceOf(ObjectTooLarge);
    });
  });
}
