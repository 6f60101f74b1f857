import {
  BackupForged,
  evidenceKey,
  type Held,
  manifestKey,
  type Prune,
  type PrunePorts,
  type PruneSource,
  prune,
  prunePlan,
  readEvidence,
  stateOf,
  statusOf,
  slotId,
  StoreUnavailable,
  type WatchedSource,
  type WatchPorts,
  watch,
} from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { firstSlot, type Rig, rig } from "../../kit/rig.ts";
import { signer } from "../../kit/signer.ts";

const source: PruneSource = { name: "shop", keep: 2, verified: ["readable"] };
const watched: WatchedSource = {
  name: "shop",
  kind: "rows",
  schedule: "rate(1 day)",
  alarmHours: 36,
  verified: ["readable"],
  recheckHours: 1,
};

/** A service at which each backup of the rig stands as a snapshot, until it is deleted. */
type Service = Prune & { snapshots: Held[]; removed: string[]; before(id: string): Promise<void> };
async function serviceOf(of: Rig, place = ""): Promise<Service> {
  const snapshots = (await of.entries()).map(({ slot, at }): Held => ({ id: `snap-${slot}`, place, slot, state: "whole", at }));
  const service: Service = {
    snapshots,
    removed: [],
    before: async () => {},
    held: async () => [...service.snapshots],
    async remove(_source, { id }) {
      await service.before(id);
      service.snapshots = service.snapshots.filter((one) => one.id !== id);
      service.removed.push(id);
    },
  };
  return service;
}
const portsOf = (of: Rig, service: Prune, more: Partial<PrunePorts> = {}): PrunePorts => ({
  store: of.store.read,
  list: of.store.list,
  create: of.store.create,
  trusted: of.manifestSigner.trusted,
  sign: of.proofSigner,
  service,
  ...more,
});
async function fiveDays(): Promise<{ of: Rig; service: Service }> {
  const of = rig();
  await of.days(5);
  return { of, service: await serviceOf(of) };
}
const slots = ["20261121T020000Z", "20261122T020000Z", "20261123T020000Z"];
const states = async (of: Rig) => (await of.entries()).map((entry) => stateOf(entry, ["readable"]));
const unavailable = new StoreUnavailable("the store did not answer", "Try again.");

describe("what retention no longer wants", () => {
  test("is recorded, signed, about this very manifest, before it is deleted", async () => {
    const { of, service } = await fiveDays();
    service.before = async (id) => {
      const entry = (await of.entries()).find(({ slot }) => id.endsWith(slot));
      const ref = entry?.evidence.pruned?.[0];
      const stored = of.store.inside.versions(ref?.key).at(-1);
      if (!ref || !stored) throw new Error(`${id} is deleted, and nothing says so`);
      const evidence = readEvidence(stored.bytes, ref, of.proofSigner.trusted);
      expect(evidence).toMatchObject({ proof: "pruned", verdict: "ok", run: id, details: { id, because: expect.stringMatching(/newer/) } });
      expect(evidence.manifest.startsWith(entry?.evidence.readable?.[0]?.digest8 ?? "-")).toBe(true);
    };
    const done = await prune(source, portsOf(of, service), of.context);
    expect(done).toEqual({ source: "shop", removed: slots.map((slot) => `snap-${slot}`), kept: 2, stopped: undefined });
    expect(await states(of)).toEqual(["pruned", "pruned", "pruned", "verified", "verified"]);
  });
  test("goes once: a second run does nothing", async () => {
    const { of, service } = await fiveDays();
    await prune(source, portsOf(of, service), of.context);
    const keys = await of.keys();
    expect(await prune(source, portsOf(of, service), of.context)).toMatchObject({ removed: [], kept: 2 });
    expect([service.removed.length, await of.keys()]).toEqual([3, keys]);
  });
  test("is gone on with where a run died between the record and the deletion", async () => {
    const { of, service } = await fiveDays();
    const died = new Error("killed");
    service.before = () => Promise.reject(died);
    await expect(prune(source, portsOf(of, service), of.context)).rejects.toBe(died);
    const keys = await of.keys();
    service.before = async () => {};
    expect((await prune(source, portsOf(of, service), of.context)).removed).toHaveLength(3);
    expect(await of.keys()).toEqual(keys);
  });
  test("is not touched by somebody who only asks for the plan", async () => {
    const { of, service } = await fiveDays();
    const keys = await of.keys();
    const { remove, keep } = await prunePlan(source, { list: of.store.list, service }, of.context);
    expect([remove.length, keep.length, service.removed, await of.keys()]).toEqual([3, 2, [], keys]);
  });
  test("is not what was restored last", async () => {
    const { of, service } = await fiveDays();
    const digest8 = (await of.entries())[0]?.evidence.readable?.[0]?.digest8 ?? "";
    const restored = { proof: "restored", verdict: "ok", source: "shop", slot: firstSlot, digest8, run: "drill" } as const;
    of.store.inside.overwrite(evidenceKey(restored), Buffer.from("{}"));
    expect((await prune(source, portsOf(of, service), of.context)).removed).toEqual(slots.slice(1).map((slot) => `snap-${slot}`));
  });
  test("is not what has no manifest yet, though something of it is there", async () => {
    const { of, service } = await fiveDays();
    of.store.inside.overwrite("backups/shop/20261120T020000Z/attempt/x.age", Buffer.from("x"));
    service.snapshots.push({ id: "young", place: "", slot: "20261120T020000Z", state: "whole", at: new Date(0) });
    expect((await prune(source, portsOf(of, service), of.context)).removed).toHaveLength(3);
    expect(service.snapshots.map(({ id }) => id)).toContain("young");
  });
  test("is judged elsewhere by what stands there, whatever went at the source", async () => {
    const { of, service } = await fiveDays();
    const copies = service.snapshots.slice(0, 3).map((one) => ({ ...one, id: `copy-${one.slot}`, place: "eu-west-1" }));
    await prune(source, portsOf(of, service), of.context);
    service.snapshots.push(...copies);
    expect((await prune(source, portsOf(of, service), of.context)).removed).toEqual([`copy-${firstSlot}`]);
  });
  test("was only the way to a backup that stays, and then that is not recorded as gone", async () => {
    const { of, service } = await fiveDays();
    service.snapshots = [
      ...service.snapshots.slice(3),
      { id: "raw", place: "", slot: "20261125T020000Z", state: "passing", at: new Date(0) },
    ];
    expect((await prune(source, portsOf(of, service), of.context)).removed).toEqual(["raw"]);
    expect(await of.keys("evidence/pruned/")).toEqual([]);
  });
  test("leaves a record of the source alone when it stood elsewhere, or never was a backup", async () => {
    const { of, service } = await fiveDays();
    const raw: Held = { id: "raw", place: "", slot: slotId(of.context.now()), state: "failed", at: new Date(0) };
    service.snapshots = [...service.snapshots.map((one) => ({ ...one, place: "eu-west-1" })), raw];
    expect((await prune(source, portsOf(of, service), of.context)).removed).toHaveLength(4);
    expect(await of.keys("evidence/pruned/")).toEqual([]);
  });
});

describe("one that cannot be deleted", () => {
  test("does not hold up the others, and is thrown at the end", async () => {
    const { of, service } = await fiveDays();
    service.before = (id) => (id.endsWith(firstSlot) ? Promise.reject(unavailable) : Promise.resolve());
    await expect(prune(source, portsOf(of, service), of.context)).rejects.toBe(unavailable);
    expect(service.removed).toEqual(slots.slice(1).map((slot) => `snap-${slot}`));
  });
  test("because its manifest is not to be believed stays, and says so", async () => {
    const { of, service } = await fiveDays();
    await expect(prune(source, portsOf(of, service, { trusted: signer().trusted }), of.context)).rejects.toBeInstanceOf(BackupForged);
    expect([service.removed, await of.keys("evidence/pruned/")]).toEqual([[], []]);
    of.store.inside.damage({ key: manifestKey({ source: "shop", slot: firstSlot }) }, (bytes) =>
      Buffer.from(Buffer.from(bytes).toString().replace("schedule", "manually")),
    );
    await expect(prune(source, portsOf(of, service), of.context)).rejects.toThrow();
    expect(service.removed).toEqual(slots.slice(1).map((slot) => `snap-${slot}`));
  });
  test("because that cannot be recorded stays", async () => {
    const { of, service } = await fiveDays();
    await expect(prune(source, portsOf(of, service, { create: { create: () => Promise.reject(unavailable) } }), of.context)).rejects.toBe(
      unavailable,
    );
    expect(service.removed).toEqual([]);
  });
});

test("nothing is deleted where not all of it could be listed", async () => {
  const { of, service } = await fiveDays();
  service.held = () => Promise.reject(unavailable);
  await expect(prune(source, portsOf(of, service), of.context)).rejects.toBe(unavailable);
  expect([service.removed, await of.keys("evidence/pruned/")]).toEqual([[], []]);
});

test("a deadline ends it between two deletions", async () => {
  const { of, service } = await fiveDays();
  const near = new Error("near");
  service.snapshots = service.snapshots.map((one) => ({ ...one, place: "eu-west-1" }));
  service.before = async () => of.context.abort(near);
  await expect(prune(source, portsOf(of, service), of.context)).rejects.toBe(near);
  expect(service.removed).toHaveLength(1);
});

test("more than half of many is deleted only when a person confirmed it", async () => {
  const of = rig();
  await of.days(12);
  const service = await serviceOf(of);
  await expect(prune(source, portsOf(of, service), of.context)).rejects.toMatchObject({
    name: "TooManyToPrune",
    hint: expect.stringContaining("holdfast prune shop"),
  });
  expect([service.removed, await of.keys("evidence/pruned/")]).toEqual([[], []]);
  expect((await prune(source, portsOf(of, service), of.context, { confirmed: true })).removed).toHaveLength(10);
});

test("what was deleted is no breach, nothing that is looked at again, and nothing that stands", async () => {
  const { of, service } = await fiveDays();
  await prune(source, portsOf(of, service), of.context);
  const entries = await of.entries();
  expect(statusOf(watched, entries, of.context.now())).toMatchObject({
    verdict: "ok",
    backups: 2,
    newestVerified: "shop/20261125T020000Z",
  });
  const replayed: string[] = [];
  const ports: WatchPorts = {
    list: of.store.list,
    create: of.store.create,
    publish: async () => {},
    replay: async (replay) => void replayed.push("slot" in replay ? replay.slot : replay.verb),
    keys: {},
  };
  await watch([watched], ports, of.context);
  expect(replayed).toEqual(["20261124T020000Z", "20261125T020000Z"]);
});
