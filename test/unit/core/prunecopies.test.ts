import {
  type CopiesPruned,
  evidenceKey,
  isBackup,
  type Keep,
  keep as keepSchema,
  ObjectLocked,
  parseManifestKey,
  type PruneCopiesPorts,
  pruneCopies,
  type RetainSource,
  StoreDenied,
  StoreUnavailable,
  catalogue,
} from "@holdfast/core";
import { type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { describe, expect, test, vi } from "vitest";
import { Faults, faulty } from "../../kit/faults.ts";
import { type Rig, rig } from "../../kit/rig.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

const day = 86_400_000;
const sourceOf = (keep: Partial<Keep> = {}): RetainSource => ({ name: "shop", keep: keepSchema.parse(keep), verified: ["readable"] });
const few = sourceOf({ daily: 3, monthly: 0, minimum: 2 });
const slotOn = (day: number) => `202611${day}T020000Z`;

/** The first store, and one without marks that got a copy of everything on the day on which it was made. */
type Pair = {
  of: Rig;
  far: MemoryStore;
  copy(): void;
  days(count: number): Promise<void>;
  ports(over?: Partial<PruneCopiesPorts>): PruneCopiesPorts;
};
function pair(): Pair {
  const of = rig();
  const far = memoryStore({ now: of.context.now });
  const copy = () => {
    const there = new Set(far.inside.versions().map(({ key }) => key));
    for (const { key, bytes } of of.store.inside.versions()) if (!there.has(key)) far.inside.overwrite(key, bytes);
  };
  return {
    of,
    far,
    copy,
    async days(count) {
      for (let i = 0; i < count; i++) {
        await of.backup();
        await of.verify();
        copy();
        of.context.pass(day);
      }
    },
    ports: (over = {}) => ({ name: "far", list: far.list, prune: far.prune, primary: of.store.list, ...over }),
  };
}
const run = ({ of, ports }: Pair, over?: Partial<PruneCopiesPorts>, source = few): Promise<CopiesPruned> =>
  pruneCopies(source, ports(over), of.context);
const slotsIn = async ({ far }: Pair) => (await catalogue(far.list, "shop")).filter(isBackup).map(({ slot }) => slot);
const keysIn = ({ far }: Pair) => far.inside.versions().map(({ key }) => key);
/** Manifests that stand without all that stood beside them when they were copied. */
const broken = (p: Pair, before: readonly string[]) =>
  keysIn(p).filter((key) => {
    const slot = key.replace("manifest.json", "");
    return parseManifestKey(key) && before.some((other) => other.startsWith(slot) && !keysIn(p).includes(other));
  });

describe("a store without marks", () => {
  test("loses what the tiers no longer want, once it is that old, and nothing else", async () => {
    const p = pair();
    await p.days(6);
    const before = keysIn(p);
    expect(await run(p)).toEqual({
      ...{ source: "shop", kept: 2, garbage: [], locked: [], stopped: undefined },
      removed: [slotOn(21), slotOn(22), slotOn(23), slotOn(24)],
    });
    const gone = before.filter((key) => !keysIn(p).includes(key));
    expect(gone).toHaveLength(16);
    for (const key of gone) expect(key).toMatch(/^backups\/shop\/2026112[1-4]T/);
    expect(await run(p)).toMatchObject({ kept: 2, removed: [] });
  });
  test("keeps what is released and younger than its release by the store's own dates, whatever its name says", async () => {
    const p = pair();
    await p.of.days(6);
    p.copy();
    expect(await run(p)).toMatchObject({ kept: 6, removed: [] });
    p.of.context.pass(3 * day - 1);
    expect(await run(p)).toMatchObject({ kept: 6, removed: [] });
    p.of.context.pass(1);
    expect((await run(p)).removed).toHaveLength(4);
  });
  test("keeps a backup of which one object is younger", async () => {
    const p = pair();
    await p.days(6);
    p.far.inside.overwrite(`backups/shop/${slotOn(22)}/zzzz/rows.txt.zst.age`, Buffer.from("another attempt"));
    expect((await run(p)).removed).toEqual([slotOn(21), slotOn(23), slotOn(24)]);
  });
  test("keeps evidence and public keys for ever", async () => {
    const p = pair();
    p.of.store.inside.overwrite("keys/0123456789abcdef.pem", Buffer.from("key"));
    await p.days(6);
    const kept = keysIn(p).filter((key) => !key.startsWith("backups/"));
    await run(p);
    expect(keysIn(p).filter((key) => !key.startsWith("backups/"))).toEqual(kept);
    expect(kept).toHaveLength(7);
  });
  test("keeps the newest that was restored, and the minimum, whatever their age", async () => {
    const p = pair();
    await p.days(6);
    const digest8 = (await p.of.entries())[1]?.evidence.readable?.[0]?.digest8 ?? "";
    const restored = evidenceKey({ proof: "restored", verdict: "ok", source: "shop", slot: slotOn(22), digest8, run: "drill" });
    p.of.store.inside.overwrite(restored, Buffer.from("{}"));
    p.of.context.pass(900 * day);
    expect((await run(p)).removed).toEqual([slotOn(21), slotOn(23), slotOn(24)]);
  });
  test("keeps everything while a doubt is newer than the newest verified, also one that was not copied", async () => {
    const p = pair();
    await p.days(6);
    p.of.source.script.rows = [];
    await p.of.backup();
    expect((await p.of.verify()).verdict).toBe("doubt");
    expect(await run(p)).toMatchObject({ kept: 6, removed: [], stopped: expect.stringContaining("is in doubt") });
    p.copy();
    expect(await run(p)).toMatchObject({ kept: 7, removed: [], stopped: expect.stringContaining("is in doubt") });
  });
  test("does not count as good what evidence calls no good copy", async () => {
    const p = pair();
    await p.days(6);
    const said = { proof: "copied", verdict: "failed", source: "shop", slot: slotOn(26), digest8: "00000000", run: "far" } as const;
    p.of.store.inside.overwrite(evidenceKey(said), Buffer.from("{}"));
    expect((await run(p)).removed).toEqual([slotOn(21), slotOn(22), slotOn(23)]);
  });
  test("of another source is that one's business", async () => {
    const p = pair();
    await p.days(6);
    expect(await run(p, {}, { ...few, name: "bank" })).toMatchObject({ kept: 0, removed: [], garbage: [] });
    expect(await slotsIn(p)).toHaveLength(6);
  });
});

describe("what the first store says", () => {
  test("is what counts: a backup that broke there is none of the newest here", async () => {
    const p = pair();
    await p.days(6);
    const [key = ""] = (await p.of.keys("evidence/readable/")).filter((one) => one.includes(slotOn(26)));
    p.of.store.inside.overwrite(key.replace("/ok.", "/failed."), Buffer.from("{}"));
    expect((await run(p)).removed).toEqual([slotOn(21), slotOn(22), slotOn(23)]);
  });
  test.each(["backups/", "evidence/"])("must be heard to its end: nothing goes when its listing of %s breaks off", async (prefix) => {
    const p = pair();
    await p.days(6);
    const { list } = p.of.store;
    const breaking: PruneCopiesPorts["primary"] = {
      async *list(of) {
        for await (const one of list.list(of)) {
          yield one;
          if (of.startsWith(prefix)) throw new StoreUnavailable("no answer", "Try again.");
        }
      },
    };
    const before = keysIn(p);
    await expect(run(p, { primary: breaking })).rejects.toMatchObject({ name: "StoreUnavailable" });
    expect(keysIn(p)).toEqual(before);
  });
  test("is not believed when it ends before the newest that stands here, or says nothing", async () => {
    const p = pair();
    await p.days(6);
    const upTo = (slot: string): PruneCopiesPorts["primary"] => ({
      async *list(of) {
        for await (const one of p.of.store.list.list(of))
          if (!one.key.startsWith("backups/") || one.key < `backups/shop/${slot}`) yield one;
      },
    });
    p.far.inside.overwrite(`backups/shop/20261101T020000Z/dead/rows.txt.zst.age`, Buffer.from("left"));
    p.of.context.pass(40 * day);
    for (const slot of ["", slotOn(26)])
      expect(await run(p, { primary: upTo(slot) })).toEqual({
        ...{ source: "shop", kept: 6, removed: [], garbage: [], locked: [] },
        stopped: `${slotOn(26)} stands here and not in the first store: nothing is deleted until a newer copy stands in both`,
      });
    expect(await run(p)).toMatchObject({ removed: expect.objectContaining({ length: 4 }), garbage: [expect.stringContaining("dead")] });
  });
});

describe("what dead copies left", () => {
  const left = "backups/shop/20261120T020000Z/dead/rows.txt.zst.age";
  test("goes at the age of garbage and not before", async () => {
    const p = pair();
    p.far.inside.overwrite(left, Buffer.from("left"));
    await p.days(2);
    expect((await run(p)).garbage).toEqual([]);
    p.of.context.pass(day - 1);
    expect((await run(p)).garbage).toEqual([]);
    p.of.context.pass(1);
    expect((await run(p)).garbage).toEqual([left]);
    expect(keysIn(p)).not.toContain(left);
  });
  test("stays as long as any of it is young: another copy is at it", async () => {
    const p = pair();
    p.far.inside.overwrite(left, Buffer.from("left"));
    await p.days(4);
    p.far.inside.overwrite(left.replace("rows", "more"), Buffer.from("new"));
    expect((await run(p)).garbage).toEqual([]);
  });
});

describe("a lock", () => {
  const lock = async (p: Pair, key: string, days: number) => {
    const at = p.far.inside.versions().find((version) => version.key.includes(key));
    if (!at) throw new Error(key);
    await p.far.mark.lockUntil?.(at, new Date(p.of.context.now().getTime() + days * day));
  };
  test("holds a backup for another day and is no failure; the others go", async () => {
    const p = pair();
    await p.days(6);
    await lock(p, `${slotOn(22)}/manifest.json`, 1);
    const before = keysIn(p);
    expect(await run(p)).toMatchObject({
      removed: [slotOn(21), slotOn(23), slotOn(24)],
      locked: [expect.stringContaining(`${slotOn(22)}/manifest.json`)],
      kept: 3,
    });
    expect(before.filter((key) => key.includes(slotOn(22)) && !keysIn(p).includes(key))).toEqual([]);
    p.of.context.pass(day);
    expect(await run(p)).toMatchObject({ removed: [slotOn(22)], locked: [] });
  });
  test("on an artifact leaves that as garbage of a later day", async () => {
    const p = pair();
    await p.days(6);
    await lock(p, `${slotOn(22)}/attempt`, 1);
    expect(await run(p)).toMatchObject({ removed: expect.arrayContaining([slotOn(22)]), locked: [expect.stringContaining("/attempt")] });
    expect(keysIn(p).filter((key) => key.startsWith(`backups/shop/${slotOn(22)}`))).toHaveLength(1);
    p.of.context.pass(day);
    expect(await run(p)).toMatchObject({ removed: [], garbage: [expect.stringContaining(slotOn(22))], locked: [] });
  });
  test("of which the store does not say when it ends waits too; one that has ended holds nothing", async () => {
    const p = pair();
    await p.days(6);
    const refusing = (until: Date | undefined) => ({
      prune: { delete: (at: { key: string }) => Promise.reject(new ObjectLocked(at.key, until)) },
    });
    expect((await run(p, refusing(undefined))).locked).toHaveLength(4);
    expect((await run(p, refusing(new Date(p.of.context.now().getTime() + 1)))).locked).toHaveLength(4);
    await expect(run(p, refusing(p.of.context.now()))).rejects.toBeInstanceOf(ObjectLocked);
  });
});

describe("a run that is cut off", () => {
  test("at any call leaves no manifest without its artifacts, and the next one ends the work", async () => {
    for (const when of ["before", "after"] as const)
      for (let at = 1; ; at++) {
        const p = pair();
        await p.days(5);
        const before = keysIn(p);
        const faults = new Faults(at, when);
        const { list, prune } = faulty(p.far, faults);
        await run(p, { list, prune }).catch((error) => expect(error.name).toBe("StoreUnavailable"));
        expect(broken(p, before)).toEqual([]);
        await run(p);
        expect(await slotsIn(p)).toEqual([slotOn(24), slotOn(25)]);
        expect(keysIn(p).filter((key) => key.startsWith("backups/"))).toHaveLength(8);
        if (!faults.struck) {
          expect(at).toBeGreaterThan(15);
          break;
        }
      }
  });
  test("by its deadline ends with that, and deletes nothing more", async () => {
    const p = pair();
    await p.days(6);
    const near = new Error("near");
    let left = 3;
    const slow = {
      delete: async (at: Parameters<typeof p.far.prune.delete>[0]) => {
        await p.far.prune.delete(at);
        if (--left === 0) p.of.context.abort(near);
      },
    };
    const before = keysIn(p);
    await expect(run(p, { prune: slow })).rejects.toBe(near);
    expect(before.length - keysIn(p).length).toBe(3);
  });
  test("by a right that is missing says so", async () => {
    const p = pair();
    await p.days(6);
    const denied = { delete: () => Promise.reject(new StoreDenied("no", "Look at the role.")) };
    await expect(run(p, { prune: denied })).rejects.toMatchObject({ name: "StoreDenied" });
  });
});
