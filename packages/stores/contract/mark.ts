import { LockShortened, type Mark, ObjectMissing } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, digest, freshPrefix, inChunks, type Lacks, needing, refOf, type Subject } from "./subject.ts";

export function markContract(subject: () => Subject, lacks: Lacks): void {
  const create = (key: string, body = bytesOf(10)) => subject().store.create.create(key, inChunks(body), context());
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);

  describe("mark", () => {
    test("a mark replaces the one before it, and touches no byte", async () => {
      const { mark, read } = subject().store;
      const at = refOf(await create(`${freshPrefix()}marked`));
      expect(await mark.marked(at)).toBeUndefined();
      expect((await read.head(at))?.mark).toBeUndefined();
      const marks: Mark[] = [{ tier: "monthly" }, { release: "30d", tier: "yearly" }, { garbage: true }, { release: "365d" }];
      for (const wanted of marks) {
        await mark.mark(at, wanted);
        await mark.mark(at, wanted);
        expect(await mark.marked(at)).toEqual(wanted);
        expect(await read.head(at)).toMatchObject({ version: at.version, mark: wanted });
      }
      expect((await read.head(at))?.mark).toEqual({ release: "365d" });
      expect(digest(await collect(read.read(at)))).toBe(digest(bytesOf(10)));
      await mark.mark(at, {});
      expect(await mark.marked(at)).toBeUndefined();
    });

    needing(lacks, lacks.versions === undefined ? "marks on versions" : "versions")(
      "marks the version that it names and no other",
      async () => {
        const { mark } = subject().store;
        const first = refOf(await create(`${freshPrefix()}versions`));
        await subject().overwrite(first.key, bytesOf(20));
        await mark.mark(first, { release: "30d" });
        const newest = await subject().store.read.head({ key: first.key });
        expect(newest?.version).not.toBe(first.version);
        expect(newest?.mark).toBeUndefined();
        expect(await mark.marked(first)).toEqual({ release: "30d" });
      },
    );

    needing(lacks, "versions")("a version that never was cannot be marked, and the mark does not land on another", async () => {
      const { mark } = subject().store;
      const at = refOf(await create(`${freshPrefix()}never`));
      await expect(mark.mark({ key: at.key, version: "no such version" }, { garbage: true })).rejects.toBeInstanceOf(ObjectMissing);
      expect(await mark.marked(at)).toBeUndefined();
    });

    test("what does not exist cannot be marked", async () => {
      const { mark } = subject().store;
      const at = await create(`${freshPrefix()}there`);
      const missing = { key: `${at.key}-not`, version: at.version };
      await expect(mark.mark(missing, { garbage: true })).rejects.toBeInstanceOf(ObjectMissing);
      await expect(mark.marked(missing)).rejects.toBeInstanceOf(ObjectMissing);
    });
  });

  describe("lock", () => {
    const lockUntil = async (at: { key: string; version: string }, until: Date) => {
      const { mark } = subject().store;
      if (!mark.lockUntil) throw new Error("the store has no locks");
      await mark.lockUntil(at, until);
    };
    needing(lacks, "locks")("a lock can be set, repeated and lengthened, and shows", async () => {
      const at = refOf(await create(`${freshPrefix()}locked`));
      expect((await subject().store.read.head(at))?.lockedUntil).toBeUndefined();
      for (const until of [inDays(1), inDays(2)]) {
        await lockUntil(at, until);
        await lockUntil(at, until);
        const found = (await subject().store.read.head(at))?.lockedUntil?.getTime() ?? 0;
        expect(found - until.getTime()).toBeGreaterThanOrEqual(0);
        expect(found - until.getTime()).toBeLessThanOrEqual(1_000);
      }
    });

    needing(lacks, "locks")("a lock cannot be shortened", async () => {
      const at = refOf(await create(`${freshPrefix()}locked`));
      await lockUntil(at, inDays(2));
      const before = (await subject().store.read.head(at))?.lockedUntil;
      await expect(lockUntil(at, inDays(1))).rejects.toBeInstanceOf(LockShortened);
      expect((await subject().store.read.head(at))?.lockedUntil).toEqual(before);
    });

    needing(lacks, "locks on parts")("what came in parts can be locked", async () => {
      const at = refOf(await create(`${freshPrefix()}parts`, bytesOf(subject().part + 1)));
      await lockUntil(at, inDays(1));
      expect((await subject().store.read.head(at))?.lockedUntil).toBeInstanceOf(Date);
    });

    needing(lacks, "locks")("what does not exist cannot be locked", async () => {
      const at = await create(`${freshPrefix()}there`);
      await expect(lockUntil({ key: `${at.key}-not`, version: at.version }, inDays(1))).rejects.toBeInstanceOf(ObjectMissing);
    });
  });
}
