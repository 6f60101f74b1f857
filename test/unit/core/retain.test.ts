import {
  evidenceKey,
  type Keep,
  keep as keepSchema,
  type Mark,
  manifestKey,
  parseManifestKey,
  type Retained,
  type RetainPorts,
  type RetainSource,
  retain,
  StoreUnavailable,
  slotId,
} from "@holdfast/core";
import { describe, expect, test, vi } from "vitest";
import { Faults, faulty } from "../../kit/faults.ts";
import { firstSlot, type Rig, rig } from "../../kit/rig.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

const day = 86_400_000;
const sourceOf = (keep: Partial<Keep> = {}): RetainSource => ({ name: "shop", keep: keepSchema.parse(keep), verified: ["readable"] });
const few = sourceOf({ daily: 3, monthly: 0, minimum: 2 });
/** The only ports that it gets; anything else of a store would be a type error. */
const portsOf = (of: Rig): RetainPorts => ({ list: of.store.list, mark: of.store.mark });
const run = (of: Rig, source = few, ports = portsOf(of)): Promise<Retained> => retain(source, ports, of.context);

/** What stands on each object, by slot and file name. */
async function marks(of: Rig): Promise<Record<string, Mark | undefined>> {
  const found = of.store.inside.versions().filter(({ key }) => key.startsWith("backups/"));
  return Object.fromEntries(found.map(({ key, mark }) => [`${key.split("/")[2]?.slice(0, 8)}/${key.split("/").at(-1)}`, mark]));
}
const whole = ["contents.json.zst.age", "manifest.json", "manifest.sig", "rows.txt.zst.age"];
const markedAll = (slots: string[], mark: Mark | undefined) =>
  Object.fromEntries(slots.flatMap((slot) => whole.map((file) => [`${slot}/${file}`, mark])));
/** Counts what is written, whatever it is. */
function counting(of: Rig): { ports: RetainPorts; writes: string[] } {
  const writes: string[] = [];
  const { mark } = of.store;
  const ports: RetainPorts = {
    list: of.store.list,
    mark: {
      marked: (at) => mark.marked(at),
      async mark(at, wanted) {
        writes.push(at.key);
        await mark.mark(at, wanted);
      },
      async lockUntil(at, until) {
        const before = of.store.inside.versions(at.key).at(-1)?.lockedUntil;
        await mark.lockUntil?.(at, until);
        if (before?.getTime() !== until.getTime()) writes.push(`lock ${at.key}`);
      },
    },
  };
  return { ports, writes };
}

describe("marks", () => {
  test("release every object of what no tier wants, and keep every object of the rest", async () => {
    const of = rig();
    await of.days(6);
    const done = await run(of);
    expect(done).toEqual({
      source: "shop",
      kept: 2,
      released: ["20261121T020000Z", "20261122T020000Z", "20261123T020000Z", "20261124T020000Z"],
      garbage: [],
      lengthened: [],
      stopped: undefined,
    });
    expect(await marks(of)).toEqual({
      ...markedAll(["20261121", "20261122", "20261123", "20261124"], { release: "3d" }),
      ...markedAll(["20261125", "20261126"], undefined),
    });
  });
  test("stand on the manifest last", async () => {
    const of = rig();
    await of.days(6);
    const { ports, writes } = counting(of);
    await run(of, few, ports);
    for (const [i, key] of writes.entries())
      if (parseManifestKey(key))
        expect(writes.slice(i + 1).some((later) => later.startsWith(key.replace("manifest.json", "")))).toBe(false);
    expect(writes.filter((key) => parseManifestKey(key))).toHaveLength(4);
  });
  test("are written once: a second run writes nothing and answers the same", async () => {
    const of = rig();
    await of.days(40);
    const first = await run(of, sourceOf());
    const { ports, writes } = counting(of);
    expect(await run(of, sourceOf(), ports)).toEqual(first);
    expect(writes).toEqual([]);
  });
  test.each<[string, Mark]>([
    ["a release", { release: "1d" }],
    ["an archive class", { tier: "monthly" }],
    ["garbage", { garbage: true }],
  ])("that are wrong are corrected, on every single object: %s", async (_what, wrong) => {
    const of = rig();
    await of.days(2);
    for (const file of whole) {
      const version = of.store.inside.versions().find(({ key }) => key.includes(firstSlot) && key.endsWith(file));
      if (!version) throw new Error(file);
      await of.store.mark.mark(version, wrong);
      await run(of);
      expect(await marks(of)).toEqual(markedAll(["20261121", "20261122"], undefined));
    }
  });
  test("of a loser of two attempts are those of the winner", async () => {
    const of = rig();
    await Promise.all([of.backup(), of.backup()]);
    await of.verify();
    of.context.pass(day);
    await of.days(5);
    await run(of);
    const first = of.store.inside.versions().filter(({ key }) => key.startsWith(`backups/shop/${firstSlot}/`));
    expect(first).toHaveLength(7);
    for (const { mark } of first) expect(mark).toEqual({ release: "3d" });
  });
  test("are not missed on what lifecycle took in the meantime", async () => {
    const of = rig();
    await of.days(6);
    const { mark } = of.store;
    let taken = 0;
    const gone: RetainPorts["mark"] = {
      ...mark,
      marked: async (at) => {
        if (at.key.includes("20261122") && at.key.endsWith("rows.txt.zst.age") && taken++ === 0) of.store.inside.remove(at.key);
        return await mark.marked(at.key.includes("20261122") && at.key.endsWith("rows.txt.zst.age") ? { ...at, version: "gone" } : at);
      },
    };
    expect((await run(of, few, { list: of.store.list, mark: gone })).released).toHaveLength(4);
  });
});

test("the newest backup that was restored well is kept, whatever its age", async () => {
  const of = rig();
  await of.days(6);
  for (const [slot, verdict] of [
    ["20261121T020000Z", "ok"],
    ["20261122T020000Z", "ok"],
  ] as const) {
    const digest8 = (await of.entries()).find((entry) => entry.slot === slot)?.evidence.readable?.[0]?.digest8 ?? "";
    of.store.inside.overwrite(evidenceKey({ proof: "restored", verdict, source: "shop", slot, digest8, run: "drill" }), Buffer.from("{}"));
  }
  expect((await run(of)).released).toEqual(["20261121T020000Z", "20261123T020000Z", "20261124T020000Z"]);
});

describe("a doubt", () => {
  test("releases nothing, and takes back what was released before", async () => {
    const of = rig();
    await of.days(6);
    expect((await run(of)).released).toHaveLength(4);
    of.source.script.rows = [];
    await of.backup();
    expect((await of.verify()).verdict).toBe("doubt");
    const done = await run(of);
    expect(done).toMatchObject({ kept: 7, released: [], stopped: expect.stringContaining("20261127T020000Z is in doubt") });
    for (const mark of Object.values(await marks(of))) expect(mark).toBeUndefined();
  });
});

describe("long tiers", () => {
  const monthly = sourceOf({ minimum: 1 });
  const months = async (of: Rig) => {
    for (let i = 0; i < 4; i++) {
      await of.days(1);
      of.context.pass(30 * day);
    }
    return await run(of, monthly);
  };
  test("move artifacts to the archive class, and never a manifest, a signature or what is read first", async () => {
    const of = rig();
    const done = await months(of);
    expect(done).toMatchObject({ kept: 4, released: [] });
    const found = await marks(of);
    expect(Object.fromEntries(Object.entries(found).filter(([, mark]) => mark))).toEqual({
      "20261121/rows.txt.zst.age": { tier: "monthly" },
      "20261121/contents.json.zst.age": { tier: "monthly" },
      "20261222/rows.txt.zst.age": { tier: "monthly" },
      "20261222/contents.json.zst.age": { tier: "monthly" },
      "20270122/rows.txt.zst.age": { tier: "monthly" },
      "20270122/contents.json.zst.age": { tier: "monthly" },
    });
    for (const version of of.store.inside.versions().filter(({ mark }) => mark?.tier)) of.store.inside.archive(version);
    expect((await of.entries()).length).toBe(4);
    expect((await of.verify("20270222T020000Z")).verdict).toBe("ok");
  });
  test("lock every object as long as they keep, counted from when it was written", async () => {
    const of = rig();
    const done = await months(of);
    expect(done.lengthened).toHaveLength(4);
    for (const { lockedUntil, at } of of.store.inside.versions().filter(({ key }) => key.startsWith("backups/")))
      expect(lockedUntil?.getTime()).toBe(at.getTime() + 372 * day);
  });
  test("are locked longer when the plan keeps longer, and left alone when it keeps shorter", async () => {
    const of = rig();
    await months(of);
    const locked = () =>
      of.store.inside
        .versions()
        .filter(({ key }) => key.startsWith("backups/"))
        .map(({ lockedUntil, at }) => ((lockedUntil?.getTime() ?? 0) - at.getTime()) / day);
    await run(of, sourceOf({ minimum: 1, monthly: 24 }));
    expect(new Set(locked())).toEqual(new Set([744]));
    await run(of, sourceOf({ minimum: 1, monthly: 6 }));
    expect(new Set(locked())).toEqual(new Set([744]));
  });
  test("too short for an archive to pay stay where they are, with the bucket's own lock", async () => {
    const of = rig();
    for (let i = 0; i < 4; i++) {
      await of.days(1);
      of.context.pass(30 * day);
    }
    const done = await run(of, sourceOf({ monthly: 3, minimum: 1 }));
    expect(done.lengthened).toEqual([]);
    expect(of.store.inside.versions().filter(({ lockedUntil }) => lockedUntil)).toEqual([]);
    for (const mark of Object.values(await marks(of))) expect(mark?.tier).toBeUndefined();
  });
  test("keep their tier beside the release, so that what lies in the archive stays there until it goes", async () => {
    const of = rig();
    await months(of);
    of.context.pass(400 * day);
    await of.days(1);
    await run(of, monthly);
    const found = await marks(of);
    expect(found["20261121/rows.txt.zst.age"]).toEqual({ tier: "monthly", release: "372d" });
    expect(found["20261121/manifest.json"]).toEqual({ release: "372d" });
  });
  test("begin at the age from which an archive pays", async () => {
    const of = rig();
    await of.days(1);
    expect((await run(of, sourceOf({ daily: 119, monthly: 0 }))).lengthened).toEqual([]);
    expect((await run(of, sourceOf({ daily: 120, monthly: 0 }))).lengthened).toEqual([firstSlot]);
  });
  test("need no locks of a store that has none", async () => {
    const of = rig();
    await of.days(2);
    const { marked, mark } = of.store.mark;
    expect((await run(of, monthly, { list: of.store.list, mark: { marked, mark } })).kept).toBe(2);
  });
});

describe("what dead attempts left", () => {
  const left = async (of: Rig) => {
    of.source.script.native = () => Promise.reject(new StoreUnavailable("died", "Try again."));
    await of.backup().catch(() => {});
    delete of.source.script.native;
  };
  test("is garbage after the margin and not before", async () => {
    const of = rig();
    await left(of);
    of.context.pass(48 * 3_600_000);
    expect((await run(of)).garbage).toEqual([]);
    of.context.pass(1);
    const done = await run(of);
    expect(done.garbage).toHaveLength(2);
    expect(await marks(of)).toEqual({
      "20261121/contents.json.zst.age": { garbage: true },
      "20261121/rows.txt.zst.age": { garbage: true },
    });
    const { ports, writes } = counting(of);
    expect(await run(of, few, ports)).toEqual(done);
    expect(writes).toEqual([]);
  });
  test("is none as long as any of it is young: another attempt is at it", async () => {
    const of = rig();
    await left(of);
    of.context.pass(3 * day);
    await of
      .backup(
        { at: new Date("2026-11-21T02:00:00Z"), attempt: "zzzzzzzz" },
        {
          create: {
            create: async (key, ...rest) =>
              key.endsWith(".age") ? await of.store.create.create(key, ...rest) : Promise.reject(new Error("died")),
          },
        },
      )
      .catch(() => {});
    expect((await run(of)).garbage).toEqual([]);
    of.context.pass(3 * day);
    expect((await run(of)).garbage).toHaveLength(4);
  });
  test("is none any more when its slot got a backup after all", async () => {
    const of = rig();
    await left(of);
    of.context.pass(3 * day);
    await run(of);
    await of.backup({ at: new Date("2026-11-21T02:00:00Z") });
    await of.verify(firstSlot);
    await run(of);
    for (const mark of Object.values(await marks(of))) expect(mark).toBeUndefined();
  });
  test("of another source is that one's business", async () => {
    const of = rig();
    await left(of);
    of.context.pass(3 * day);
    expect((await run(of, { ...few, name: "bank" })).garbage).toEqual([]);
  });
});

describe("a run that is cut off", () => {
  test("at any call is completed by the next one, and never leaves a kept backup with a mark to go", async () => {
    for (let at = 1; ; at++) {
      const of = rig();
      await of.days(5);
      const faults = new Faults(at, "after");
      const { list, mark } = faulty(of.store, faults);
      await run(of, few, { list, mark }).catch((error) => expect(error.name).toBe("StoreUnavailable"));
      for (const slot of ["20261124", "20261125"]) for (const file of whole) expect((await marks(of))[`${slot}/${file}`]).toBeUndefined();
      await run(of);
      expect(await marks(of)).toEqual({
        ...markedAll(["20261121", "20261122", "20261123"], { release: "3d" }),
        ...markedAll(["20261124", "20261125"], undefined),
      });
      if (!faults.struck) {
        expect(at).toBeGreaterThan(20);
        break;
      }
    }
  });
  test("half-way through a release that is not wanted any more, is made good although the manifest never was marked", async () => {
    const of = rig();
    await of.days(6);
    let left = 2;
    const dying: RetainPorts["mark"] = {
      ...of.store.mark,
      mark: (at, wanted) => (left-- > 0 ? of.store.mark.mark(at, wanted) : Promise.reject(new StoreUnavailable("killed", "Try again."))),
    };
    await expect(run(of, few, { list: of.store.list, mark: dying })).rejects.toMatchObject({ name: "StoreUnavailable" });
    expect(Object.values(await marks(of)).filter((mark) => mark?.release)).toHaveLength(2);
    expect((await marks(of))["20261121/manifest.json"]).toBeUndefined();
    of.source.script.rows = [];
    await of.backup();
    await of.verify();
    await run(of);
    expect(Object.values(await marks(of)).filter((mark) => mark?.release)).toEqual([]);
  });
  test.each(["marked", "lockUntil", "mark"] as const)(
    "by a store that does not answer %s says so, and takes nothing for done",
    async (port) => {
      const of = rig();
      await of.days(2);
      const mark = { ...of.store.mark, [port]: () => Promise.reject(new StoreUnavailable("no answer", "Try again.")) };
      await expect(run(of, sourceOf({ minimum: 1 }), { list: of.store.list, mark })).rejects.toMatchObject({ name: "StoreUnavailable" });
    },
  );
  test("by its deadline ends with that", async () => {
    const of = rig();
    await of.days(2);
    const near = new Error("near");
    of.context.abort(near);
    await expect(run(of)).rejects.toBe(near);
  });
  test("writes marks that keep before marks that release", async () => {
    const of = rig();
    await of.days(6);
    const newest = of.store.inside
      .versions(manifestKey({ source: "shop", slot: slotId(new Date(of.context.now().getTime() - day)) }))
      .at(-1);
    if (!newest) throw new Error("no newest");
    await of.store.mark.mark(newest, { release: "1d" });
    const { ports, writes } = counting(of);
    await run(of, few, ports);
    expect(writes[0]).toBe(newest.key);
    expect(writes.length).toBeGreaterThan(1);
  });
});

test("nothing at all is nothing to do", async () => {
  expect(await run(rig())).toEqual({ source: "shop", kept: 0, released: [], garbage: [], lengthened: [], stopped: undefined });
});

describe("marks on copies", () => {
  /** Another store that holds the backups of these days of November. */
  async function copied(of: Rig, days: number[]): Promise<{ far: Rig; run: () => Promise<Retained> }> {
    const far = rig();
    far.context.pass(of.context.now().getTime() - far.context.now().getTime());
    for (const { key, bytes } of of.store.inside.versions())
      if (days.some((day) => key.includes(`/202611${day}T`))) far.store.inside.overwrite(key, bytes);
    const ports = { ...portsOf(far), copies: { store: "far", primary: of.store.list } };
    return { far, run: () => retain(few, ports, of.context) };
  }
  const said = (of: Rig, slot: string, proof: "copied" | "accepted" | "readable", verdict: "ok" | "doubt" | "failed", run: string) =>
    of.store.inside.overwrite(evidenceKey({ proof, source: "shop", slot, verdict, digest8: "00000000", run }), Buffer.from("{}"));
  const slotOn = (day: number) => `202611${day}T020000Z`;

  test("are decided by what stands there, not by what stands in the first store", async () => {
    const of = rig();
    await of.days(6);
    expect((await run(of)).released).toEqual([slotOn(21), slotOn(22), slotOn(23), slotOn(24)]);
    const { run: there } = await copied(of, [21, 22, 26]);
    expect(await there()).toMatchObject({ kept: 2, released: [slotOn(21)] });
  });
  test("know of what the first store knows, and of what it has no more by themselves", async () => {
    const of = rig();
    await of.days(6);
    const { far, run: there } = await copied(of, [21, 22, 23, 24, 25, 26]);
    expect((await there()).released).toEqual([slotOn(21), slotOn(22), slotOn(23), slotOn(24)]);
    for (const day of [25, 26]) {
      const [key = ""] = (await of.keys("evidence/readable/")).filter((one) => one.includes(slotOn(day)));
      of.store.inside.overwrite(key.replace("/ok.", "/failed."), Buffer.from("{}"));
    }
    expect((await there()).released).toEqual([slotOn(21), slotOn(22)]);
    for (const { key } of of.store.inside.versions()) of.store.inside.remove(key);
    expect((await there()).released).toEqual([slotOn(21), slotOn(22), slotOn(23), slotOn(24)]);
    expect(await marks(far)).toMatchObject(markedAll(["20261124"], { release: "3d" }));
  });
  test("do not count a copy as good that evidence calls none", async () => {
    const of = rig();
    await of.days(6);
    const { run: there } = await copied(of, [21, 22, 23, 24, 25, 26]);
    said(of, slotOn(26), "copied", "failed", "far");
    said(of, slotOn(25), "copied", "failed", "far");
    said(of, slotOn(24), "copied", "failed", "other");
    expect((await there()).released).toEqual([slotOn(21), slotOn(22)]);
    said(of, slotOn(26), "copied", "ok", "far_2");
    expect((await there()).released).toEqual([slotOn(21), slotOn(22), slotOn(23), slotOn(25)]);
  });
  test("release nothing while the first store has a doubt that was not copied", async () => {
    const of = rig();
    await of.days(6);
    const { run: there } = await copied(of, [21, 22, 23, 24, 25]);
    expect((await there()).released).toEqual([slotOn(21), slotOn(22), slotOn(23)]);
    const [key = ""] = (await of.keys("evidence/readable/")).filter((one) => one.includes(slotOn(26)));
    of.store.inside.overwrite(key.replace("/ok.", "/doubt."), Buffer.from("{}"));
    expect(await there()).toMatchObject({ released: [], kept: 5, stopped: expect.stringContaining(slotOn(26)) });
  });
});
