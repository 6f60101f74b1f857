import {
  abandonFanOut,
  beginFanOut,
  type CopyOutcome,
  type CopyPorts,
  CopyIncomplete,
  CopyUnproven,
  closeCopy,
  copy,
  copyStep,
  failCopy,
  finishFanOut,
  HoldfastError,
  loadManifest,
  manifestKey,
  PartCorrupted,
  type PartRange,
  relay,
  type Store,
  UploadGone,
} from "@holdfast/core";
import { type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { beforeAll, expect, test, vi } from "vitest";
import { testContext } from "../../kit/context.ts";
import { amazon, type CopyRig, compatible, copyRig, google, partsOnly, shop, silent, telling, unlike } from "../../kit/copies.ts";
import { asCopier } from "../../kit/copyrole.ts";
import { seeded } from "../../kit/seeded.ts";
import { Killed, type Trouble, Turns, worker } from "../../kit/turns.ts";

vi.setConfig({ testTimeout: 120_000 }); // thousands of copies, on a machine that may be busy

/** Small, so that thousands of copies take seconds: an artifact of 6 parts in 3 ranges, each part read in two chunks. */
const [rows, chunk, minPart, range] = [80, 80, 160, 320];
let first: CopyRig;
beforeAll(async () => {
  first = await copyRig(google, {}, rows);
});

type World = {
  random: () => number;
  turns: Turns;
  near: MemoryStore;
  far: MemoryStore;
  told: Store;
  fits: number;
  /** Set once a manifest was about to be made there while something that it names was not. */
  wrong: string[];
};

function worldOf(seed: number): World {
  const random = seeded(seed);
  const near = memoryStore({ chunk });
  for (const { key, bytes } of first.store.inside.versions()) near.inside.overwrite(key, bytes);
  const far = memoryStore({ chunk, limits: { minPart, sum: "crc32" } });
  const tells = [google, amazon, compatible, partsOnly, silent][Math.floor(random() * 5)] ?? google;
  const told = telling(far, tells);
  const world: World = { random, turns: new Turns(random), near, far, told, fits: random() < 0.8 ? 800 : 10_000, wrong: [] };
  world.told = {
    ...told,
    create: {
      create: async (key, ...rest) => {
        const made = await told.create.create(key, ...rest);
        if (key === manifestKey(shop)) world.wrong.push(...unlike({ store: near, far }));
        return made;
      },
    },
  };
  return world;
}

/** What a state machine does with one copy: from the beginning again, where an end of a fan-out asks for it. */
async function execute(world: World, trouble: Trouble, tries: number): Promise<CopyOutcome> {
  for (let rounds = 3; ; rounds--) {
    try {
      return await executeOnce(world, trouble, tries);
    } catch (error) {
      const again = error instanceof UploadGone || error instanceof CopyUnproven || error instanceof PartCorrupted;
      if (!again || rounds === 1) throw error;
    }
  }
}

/** Each call a worker of its own, tried again when it failed, ranges side by side and sometimes twice. */
async function executeOnce(world: World, trouble: Trouble, tries: number): Promise<CopyOutcome> {
  const { random, turns } = world;
  const context = testContext();
  const call = async <T>(work: (ports: CopyPorts) => Promise<T>): Promise<T> => {
    for (let left = tries; ; left--) {
      try {
        return await worker(turns, random, trouble, (through) => work(portsOf(world, through)));
      } catch (error) {
        const again = error instanceof Killed || (error instanceof HoldfastError && error.fault === "world" && error.name !== "UploadGone");
        if (!again || left <= 1) throw error;
      }
    }
  };
  const outcome = await call((ports) => copy(shop, ports, context));
  if (outcome.state !== "large") return outcome;
  const at = { ...shop, started: outcome.started };
  try {
    const proofs: Record<string, string> = {};
    for (const step of outcome.plan.steps)
      proofs[step.source.key] = step.do === "fan out" ? await shared(step) : await call((ports) => copyStep(step, ports, context));
    return await call((ports) => closeCopy({ ...at, proofs }, ports, context));
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.fault !== "backup") throw error;
    return await call((ports) => failCopy(at, error, ports, context));
  }

  async function shared(step: Parameters<typeof beginFanOut>[0]): Promise<string> {
    const job = await call(({ to }) => beginFanOut(step, to, range));
    const one = (at: PartRange) => call(({ from, to }) => relay(job, at, from, to, context));
    const all = job.ranges.flatMap((at) => (random() < 0.3 ? [at, at] : [at]));
    const settled = await Promise.allSettled(all.toSorted(() => random() - 0.5).map(one));
    const failure = settled.find((range) => range.status === "rejected");
    const relayed = settled.flatMap((range) => (range.status === "fulfilled" ? [range.value] : []));
    try {
      return await call(({ to }) => finishFanOut(job, relayed, to, context));
    } catch (error) {
      if (random() < 0.7) await call(({ to }) => abandonFanOut(job, to));
      throw failure && error instanceof CopyIncomplete ? failure.reason : error;
    }
  }
}

function portsOf({ near, told, fits }: World, through: (store: Store) => Store): CopyPorts {
  return {
    from: asCopier(through(near), shop.source),
    to: { ...through(told), name: "far", fits },
    kind: { verified: ["readable"] },
    sign: { keyId: first.proofSigner.keyId, sign: async () => new Uint8Array(70) },
    trusted: { ...first.manifestSigner.trusted, ...first.proofSigner.trusted },
  };
}

/** One to three executions for one backup at once, each of which may fail; then, when all is quiet, another one. */
async function live(
  seed: number,
  trouble: Trouble,
  before: (world: World) => void = () => {},
): Promise<{ world: World; last: unknown; stood: Map<string, string> }> {
  const world = worldOf(seed);
  before(world);
  const count = 1 + Math.floor(world.random() * 3);
  const executions = Array.from({ length: count }, () =>
    execute(world, trouble, 1 + Math.floor(world.random() * 3)).catch((error: unknown) => error),
  );
  await world.turns.until(Promise.all(executions));
  const stood = versionsOf(world.far);
  const last = await world.turns.until(execute(world, { dies: 0, fails: 0, flips: 0 }, 1).catch((error: unknown) => error));
  return { world, last, stood };
}

const versionsOf = (far: MemoryStore) => new Map(far.inside.versions().map(({ key, version }) => [key, version]));
/** Every object there is as it was first made. */
function changed({ far }: World, stood: ReadonlyMap<string, string>): string[] {
  const now = far.inside.versions();
  return [
    ...[...stood].filter(([key, version]) => !now.some((found) => found.key === key && found.version === version)).map(([key]) => key),
    ...now.map(({ key }) => key).filter((key, i, all) => all.indexOf(key) < i),
  ];
}
const idle = new AbortController().signal;
const hasManifest = ({ far }: World) => far.inside.versions(manifestKey(shop)).length > 0;

test("workers die, are doubled and are answered 503 at any step: the copy ends complete and equal, and is nothing before", async () => {
  const states = new Map<string, number>();
  for (let seed = 1; seed <= 250; seed++) {
    const { world, last, stood } = await live(seed, { dies: 0.01 * (seed % 3), fails: 0.01 * (seed % 2), flips: 0 });
    const { state } = last as CopyOutcome;
    states.set(state, (states.get(state) ?? 0) + 1);
    expect([world.wrong, changed(world, stood), unlike({ store: world.near, far: world.far }), last], `seed ${seed}`).toEqual([
      [],
      [],
      [],
      expect.objectContaining({ state: expect.stringMatching(/copied|known/) }),
    ]);
  }
  // Neither all of them failed before, nor none did.
  expect(states.get("copied")).toBeGreaterThan(30);
  expect(states.get("known")).toBeGreaterThan(30);
});

test("bits flip on the way: a copy that anybody would believe is equal, or there is none", async () => {
  const ends = { whole: 0, none: 0 };
  for (let seed = 1; seed <= 150; seed++) {
    const { world, last, stood } = await live(seed, { dies: 0.01, fails: 0.01, flips: 0.06 });
    // The manifest's own bits can flip too; then its signature does not hold.
    const wrong = world.wrong.filter((what) => what !== `${manifestKey(shop)} differs there`);
    expect([wrong, changed(world, stood)], `seed ${seed}`).toEqual([[], []]);
    const believed = await loadManifest(
      shop,
      { store: world.far.read, list: world.far.list, trusted: first.manifestSigner.trusted },
      idle,
    ).then(
      () => true,
      () => false,
    );
    if (believed) expect(unlike({ store: world.near, far: world.far }), `seed ${seed}`).toEqual([]);
    else expect(last, `seed ${seed}`).toMatchObject({ state: "failed" });
    ends[believed ? "whole" : "none"] += 1;
  }
  expect(Math.min(ends.whole, ends.none)).toBeGreaterThan(15);
});

test("something else stands there: it stays, and there is no copy", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const keys = first.store.inside
      .versions()
      .map(({ key }) => key)
      .filter((key) => !key.endsWith("manifest.json"));
    const key = keys[seed % keys.length] ?? "";
    const { world, last } = await live(
      seed,
      { dies: 0.01, fails: 0.01, flips: 0 },
      ({ far }) => void far.inside.overwrite(key, Buffer.from("other")),
    );
    const failure = last instanceof HoldfastError ? last.name : (last as Extract<CopyOutcome, { state: "failed" }>).findings?.[0]?.name;
    expect(failure, `seed ${seed}`).toBe("CopyDiffers");
    expect(hasManifest(world), `seed ${seed}`).toBe(false);
    expect(
      world.far.inside.versions(key).map(({ bytes }) => Buffer.from(bytes).toString()),
      `seed ${seed}`,
    ).toEqual(["other"]);
  }
});
