import { type Mark, ObjectMissing, StoreDenied, StoreUnavailable } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, context, inChunks } from "../contract/subject.ts";
import { type Opened, opened } from "./kit/subject.ts";

const day = 86_400_000;
const create = ({ store }: Opened, key = "k") => store.create.create(key, inChunks(bytesOf(10)), context());
const kept = ({ fake }: Opened, key = "k") => {
  const found = fake.bucket.live(key);
  if (!found) throw new Error(`no ${key}`);
  return found;
};
/** Days after it was made. */
const expiry = (world: Opened) => {
  const { customTime, timeCreated } = kept(world);
  return customTime === undefined ? undefined : (new Date(customTime).getTime() - timeCreated.getTime()) / day;
};
const expiredAfter = (world: Opened, days: number) =>
  world.fake.bucket.expired(new Date(kept(world).timeCreated.getTime() + days * day + 1)).includes("k");

describe("a mark on Google Cloud Storage", () => {
  test("is the object's own expiry date: as long after it was made as the release says", async () => {
    const world = await opened();
    await world.store.mark.mark(await create(world), { release: "30d" });
    expect(expiry(world)).toBe(30);
    expect([expiredAfter(world, 29), expiredAfter(world, 30)]).toEqual([false, true]);
  });

  test("that says nothing of releasing sets no date, and garbage one of its own", async () => {
    const world = await opened();
    const at = await create(world);
    await world.store.mark.mark(at, { tier: "monthly" });
    expect(expiry(world)).toBeUndefined();
    await world.store.mark.mark(at, { garbage: true });
    expect(expiry(world)).toBe(30);
  });

  test("that releases later moves the date on; one that releases sooner leaves it, because it cannot go back", async () => {
    const world = await opened();
    const at = await create(world);
    for (const [release, days] of [
      ["30d", 30],
      ["365d", 365],
      ["30d", 365],
    ] as const) {
      await world.store.mark.mark(at, { release });
      expect(await world.store.mark.marked(at)).toEqual({ release });
      expect(expiry(world)).toBe(days);
    }
  });

  test("that keeps again holds what was released, until it is released again", async () => {
    const world = await opened();
    const at = await create(world);
    await world.store.mark.mark(at, { release: "30d" });
    for (const keeping of [{}, { tier: "monthly" }]) {
      await world.store.mark.mark(at, keeping);
      expect([expiry(world), expiredAfter(world, 10_000)]).toEqual([30, false]);
      await world.store.mark.mark(at, { release: "30d" });
      expect(expiredAfter(world, 30)).toBe(true);
    }
  });

  test("never lifts a hold that a person placed", async () => {
    const world = await opened();
    const at = await create(world);
    kept(world).temporaryHold = true;
    for (const mark of [{ release: "30d" }, {}, { release: "30d" }] as Mark[]) {
      await world.store.mark.mark(at, mark);
      expect(kept(world).temporaryHold).toBe(true);
      expect(await world.store.mark.marked(at)).toEqual(Object.keys(mark).length > 0 ? mark : undefined);
    }
  });

  test("whatever came before: what it keeps never expires, what it releases never before its time", async () => {
    const days = fc.constantFrom(1, 7, 30, 365);
    const mark = fc.oneof(
      days.map((n): Mark => ({ release: `${n}d` })),
      fc.constantFrom<Mark>({}, { tier: "yearly" }, { garbage: true }),
      days.map((n): Mark => ({ release: `${n}d`, tier: "yearly" })),
    );
    const world = await opened();
    await fc.assert(
      fc.asyncProperty(fc.array(mark, { minLength: 1, maxLength: 6 }), async (marks) => {
        world.fake.bucket.remove("k");
        const at = await create(world);
        for (const one of marks) {
          await world.store.mark.mark(at, one);
          const { release, garbage } = one;
          const due = release ? Number.parseInt(release, 10) : garbage ? 30 : 100_000;
          expect(expiredAfter(world, due - 0.01)).toBe(false);
          expect(await world.store.mark.marked(at)).toEqual(Object.keys(one).length > 0 ? one : undefined);
          if (release || garbage) expect(expiredAfter(world, 365)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("that stands already asks for nothing", async () => {
    const world = await opened();
    const at = await create(world);
    await world.store.mark.mark(at, { release: "30d" });
    const before = world.fake.asked.length;
    await world.store.mark.mark(at, { release: "30d" });
    expect(world.fake.asked.slice(before).map(({ call }) => call)).toEqual(["GET list"]);
  });

  test("that stands without what makes it work is made whole", async () => {
    const world = await opened();
    const at = await create(world);
    kept(world).metadata = { release: "30d" };
    await world.store.mark.mark(at, { release: "30d" });
    expect(expiry(world)).toBe(30);
    kept(world).metadata = {};
    await world.store.mark.mark(at, {});
    expect(expiredAfter(world, 10_000)).toBe(false);
  });

  test("looks at no more of the listing than the versions of its key", async () => {
    const world = await opened({ page: 2 });
    for (const key of ["k", "k1", "k2", "k3", "k4", "k5"]) await create(world, key);
    const before = world.fake.asked.length;
    await expect(world.store.mark.marked({ key: "k", version: "1" })).rejects.toBeInstanceOf(ObjectMissing);
    expect(world.fake.asked.slice(before).map(({ call }) => call)).toEqual(["GET list"]);
  });

  test("leaves metadata of others alone", async () => {
    const world = await opened();
    const at = await create(world);
    kept(world).metadata = { theirs: "stays" };
    await world.store.mark.mark(at, { release: "30d", tier: "monthly" });
    await world.store.mark.mark(at, { tier: "yearly" });
    expect(kept(world).metadata).toEqual({ theirs: "stays", tier: "yearly", held: "true" });
  });

  test("of two at the same moment reads what the other left", async () => {
    const world = await opened();
    const at = await create(world);
    let others = 0;
    world.fake.meanwhile = ({ call }) => {
      if (call !== "PATCH object" || others++ > 0) return;
      Object.assign(kept(world), { customTime: new Date(Date.now() + 400 * day).toISOString(), metageneration: 9 });
    };
    await world.store.mark.mark(at, { release: "30d" });
    expect(expiry(world)).toBeCloseTo(400, 2);
    expect(await world.store.mark.marked(at)).toEqual({ release: "30d" });
  });

  test("that never gets its turn gives up, and one that is refused says so", async () => {
    const world = await opened();
    const at = await create(world);
    world.fake.meanwhile = ({ call }) => void (call === "PATCH object" && kept(world).metageneration++);
    await expect(world.store.mark.mark(at, { release: "30d" })).rejects.toBeInstanceOf(StoreUnavailable);
    world.fake.meanwhile = undefined;
    world.fake.faults.push({ call: "PATCH object", answer: { status: 403, body: "{}" } });
    await expect(world.store.mark.mark(at, { release: "30d" })).rejects.toBeInstanceOf(StoreDenied);
  });

  test("on what lifecycle took meanwhile is ObjectMissing", async () => {
    const world = await opened();
    const at = await create(world);
    world.fake.faults.push({ call: "PATCH object", answer: { status: 404, body: '{"error":{"message":"No such object: b/k"}}' } });
    await expect(world.store.mark.mark(at, { release: "30d" })).rejects.toBeInstanceOf(ObjectMissing);
  });
});

describe("a lock on Google Cloud Storage", () => {
  test("is one that nobody can take back", async () => {
    const world = await opened();
    const at = await create(world);
    const until = new Date(Date.now() + 30 * day);
    await world.store.mark.lockUntil?.(at, until);
    expect(kept(world).retention).toEqual({ mode: "Locked", retainUntilTime: until.toISOString() });
    await world.store.mark.mark(at, { release: "1d" });
    expect(expiredAfter(world, 2)).toBe(false);
  });

  test("shows where the bucket's own policy holds longer, and that one cannot be shortened either", async () => {
    const world = await opened();
    world.fake.bucket.retentionSeconds = 60 * 86_400;
    const at = await create(world);
    const { lockedUntil } = (await world.store.read.head(at)) ?? {};
    expect(lockedUntil?.getTime()).toBe(kept(world).timeCreated.getTime() + 60 * day);
    for await (const listed of world.store.list.list("")) expect(listed.lockedUntil).toEqual(lockedUntil);
    await expect(world.store.mark.lockUntil?.(at, new Date(Date.now() + day))).rejects.toMatchObject({ name: "LockShortened" });
    const until = new Date(Date.now() + 90 * day);
    await world.store.mark.lockUntil?.(at, until);
    expect((await world.store.read.head(at))?.lockedUntil).toEqual(until);
    kept(world).retention = { mode: "Locked", retainUntilTime: new Date(Date.now() + day).toISOString() };
    expect((await world.store.read.head(at))?.lockedUntil).toEqual(lockedUntil);
  });

  test("that is set already asks for nothing; one that can be taken back is made one that cannot", async () => {
    const world = await opened();
    const at = await create(world);
    const until = new Date(Date.now() + 30 * day);
    kept(world).retention = { mode: "Unlocked", retainUntilTime: until.toISOString() };
    await world.store.mark.lockUntil?.(at, until);
    expect(kept(world).retention?.mode).toBe("Locked");
    const before = world.fake.asked.length;
    await world.store.mark.lockUntil?.(at, until);
    expect(world.fake.asked.slice(before).map(({ call }) => call)).toEqual(["GET list"]);
  });
});
