import { evidenceKey, keep as keepSchema, manifestKey, parseManifestKey, pruneCopies, slotId } from "@holdfast/core";
import { type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { expect, test, vi } from "vitest";
import { type TestContext, testContext } from "../../kit/context.ts";
import { Faults, faulty } from "../../kit/faults.ts";
import { seeded } from "../../kit/seeded.ts";

vi.setConfig({ testTimeout: 60_000 }); // months of days, on a machine that may be busy

const day = 86_400_000;
const keep = keepSchema.parse({ daily: 5, weekly: 2, monthly: 0, minimum: 3 });
const source = { name: "shop", keep, verified: ["readable"] } as const;
type Verdict = "ok" | "doubt" | "failed" | undefined;
type Made = { slot: string; at: Date; verdict: Verdict };
type World = { context: TestContext; first: MemoryStore; far: MemoryStore; made: Made[]; random: () => number };

const put = (store: MemoryStore, key: string) =>
  void (store.inside.versions(key).length === 0 && store.inside.overwrite(key, Buffer.from(key)));
const proof = ({ slot, verdict }: Made) =>
  verdict && evidenceKey({ proof: "readable", verdict, source: "shop", slot, digest8: "00000000", run: "one" });
const keysOf = (made: Made) => [
  ...["shop.dump.age", "globals.age"].map((name) => `backups/shop/${made.slot}/a1/${name}`),
  ...(proof(made) ? [proof(made) as string] : []),
  manifestKey({ source: "shop", slot: made.slot }),
];
/** Slots with a manifest. */
const standing = (store: MemoryStore): string[] => store.inside.versions().flatMap(({ key }) => parseManifestKey(key)?.slot ?? []);

/** Now and then a backup fails, is in doubt, is never read, or its copy dies half-way. */
function oneDay({ context, first, far, made, random }: World): void {
  for (let n = 0; n < 1 + Math.floor(random() * 2); n++) {
    const luck = random();
    const verdict = luck < 0.75 ? "ok" : luck < 0.83 ? "doubt" : luck < 0.93 ? "failed" : undefined;
    const one: Made = { slot: slotId(context.now()), at: context.now(), verdict };
    made.push(one);
    const keys = keysOf(one);
    for (const key of keys) put(first, key);
    const copied = verdict === "ok" || verdict === "doubt" ? (random() < 0.9 ? keys.length : Math.floor(random() * keys.length)) : 0;
    for (const key of keys.slice(0, copied)) put(far, key);
    context.pass(6 * 3_600_000);
  }
}

/** What must stand there whatever came before, of what stood there a moment ago. */
function wanted(before: readonly string[], { made, context }: World): string[] {
  const here = made.filter(({ slot }) => before.includes(slot));
  const good = here.filter(({ verdict }) => verdict === "ok");
  const newest = good.at(-1);
  const young = here.filter(({ at }) => context.now().getTime() - at.getTime() < keep.daily * day);
  const doubted = made.some(({ verdict, at }) => verdict === "doubt" && (!newest || at > newest.at));
  const unread = here.filter(({ verdict, at }) => verdict !== "ok" && (!newest || at > newest.at));
  return (doubted ? here : [...good.slice(-keep.minimum), ...young, ...unread]).map(({ slot }) => slot);
}

async function live(seed: number, days: number): Promise<World> {
  const context = testContext("2027-01-01T02:00:00Z");
  const stores = () => memoryStore({ now: context.now });
  const world: World = { context, first: stores(), far: stores(), made: [], random: seeded(seed) };
  for (let n = 0; n < days; n++) {
    const morning = Date.UTC(2027, 0, 1 + n, 2);
    context.pass(morning - context.now().getTime());
    oneDay(world);
    if (world.random() < 0.1) continue;
    const before = standing(world.far);
    const faults = new Faults(world.random() < 0.4 ? 1 + Math.floor(world.random() * 25) : Number.POSITIVE_INFINITY, "after");
    const { list, prune } = faulty(world.far, faults);
    await pruneCopies(source, { name: "far", list, prune, primary: world.first.list }, context).catch((error) =>
      expect(error.name, `seed ${seed}, day ${n}`).toBe("StoreUnavailable"),
    );
    const left = standing(world.far);
    expect(
      wanted(before, world).filter((slot) => !left.includes(slot)),
      `seed ${seed}, day ${n}: lost`,
    ).toEqual([]);
    const keys = new Set(world.far.inside.versions().map(({ key }) => key));
    const halves = world.made.filter(({ slot }) => left.includes(slot)).flatMap((of) => keysOf(of).filter((key) => !keys.has(key)));
    expect(halves, `seed ${seed}, day ${n}: halves`).toEqual([]);
  }
  return world;
}

test("whatever fails and wherever a run is cut off, what must stand stands whole, and little else", async () => {
  let most = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const world = await live(seed, 45);
    const { context, first, far } = world;
    for (let n = 0; n < 2; n++) {
      const last: Made = { slot: slotId(context.now()), at: context.now(), verdict: "ok" };
      world.made.push(last);
      for (const key of keysOf(last)) for (const store of [first, far]) put(store, key);
      context.pass(day);
    }
    await pruneCopies(source, { name: "far", list: far.list, prune: far.prune, primary: first.list }, context);
    const old = (at: Date) => context.now().getTime() - at.getTime() >= 14 * day;
    const left = standing(far);
    const late = world.made.filter(({ slot, at }) => left.includes(slot) && old(at));
    expect(late, `seed ${seed}`).toEqual([]);
    const garbage = far.inside
      .versions()
      .filter(({ key, at }) => key.startsWith("backups/") && !left.includes(key.split("/")[2] ?? "") && old(at));
    expect(garbage, `seed ${seed}`).toEqual([]);
    most = Math.max(most, left.length);
  }
  expect(most).toBeGreaterThan(keep.minimum);
});
