import {
  type CopyAsk,
  type CopyOutcome,
  type CopyPorts,
  copy,
  HoldfastError,
  loadManifest,
  manifestKey,
  type Store,
  shareCopy,
  told,
} from "@holdfast/core";
import { type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { beforeAll, expect, test, vi } from "vitest";
import { copyMachine } from "../../../infra/copymachine.ts";
import { testContext } from "../../kit/context.ts";
import { amazon, type CopyRig, compatible, copyRig, google, partsOnly, shop, silent, telling, unlike } from "../../kit/copies.ts";
import { asCopier } from "../../kit/copyrole.ts";
import { type Call, Failed, runMachine } from "../../kit/machine.ts";
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

type End = CopyOutcome | { state: "failed"; store: string; error: string };
const machine: unknown = JSON.parse(JSON.stringify(copyMachine({ far: "copy-far" })));

/** What a message does that comes again after each failure, and the state machine where its function finds it too much. */
async function execute(world: World, trouble: Trouble, tries: number): Promise<End> {
  const { random, turns } = world;
  const context = testContext();
  const run = <T>(work: (ports: CopyPorts) => Promise<T>) => worker(turns, random, trouble, (through) => work(portsOf(world, through)));
  const outcome = await again(tries, () => run((ports) => copy(shop, ports, context)));
  if (outcome.state !== "large") return outcome;
  const call: Call = async (_function, payload) => {
    const ask = payload as CopyAsk;
    if (random() < trouble.dies / 5) await dropUploads(world);
    const one = () => run((ports) => shareCopy(ask, ports, context)).catch(failing);
    // Some are asked twice at once.
    const [answer] = await Promise.allSettled(ask.verb === "relay" && random() < 0.3 ? [one(), one()] : [one()]);
    if (answer?.status !== "fulfilled") throw answer?.reason;
    return answer.value;
  };
  return (await runMachine(machine, { store: "far", ...shop, started: outcome.started }, call)) as End;
}

async function again<T>(tries: number, work: () => Promise<T>): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await work();
    } catch (error) {
      const mayPass = error instanceof Killed || (error instanceof HoldfastError && error.fault === "world");
      if (!mayPass || left <= 1) throw error;
    }
  }
}

/** As a state machine hears of it. */
function failing(error: unknown): never {
  if (error instanceof HoldfastError) throw new Failed(error.name, JSON.stringify({ errorMessage: told(error), errorType: error.name }));
  if (error instanceof Killed) throw new Failed("Sandbox.Timedout", JSON.stringify({ errorMessage: "timed out", errorType: "Timedout" }));
  throw error;
}

/** As stores do with those that were open for days. */
async function dropUploads({ far }: World): Promise<void> {
  for (const upload of far.inside.uploads()) if (upload.part > 0) await far.ranges.abort(upload);
}

function portsOf({ near, told, fits }: World, through: (store: Store) => Store): CopyPorts {
  return {
    from: asCopier(through(near), shop.source),
    to: { ...through(told), name: "far", fits, range },
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
  for (let seed = 1; seed <= 180; seed++) {
    const { world, last, stood } = await live(seed, { dies: 0.01 * (seed % 3), fails: 0.01 * (seed % 2), flips: 0 });
    const { state } = last as End;
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
    const ended = last as Extract<End, { state: "failed" }>;
    expect("error" in ended ? ended.error : ended.findings[0]?.name, `seed ${seed}`).toBe("CopyDiffers");
    expect(hasManifest(world), `seed ${seed}`).toBe(false);
    expect(
      world.far.inside.versions(key).map(({ bytes }) => Buffer.from(bytes).toString()),
      `seed ${seed}`,
    ).toEqual(["other"]);
  }
});
