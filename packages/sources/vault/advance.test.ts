import {
  type Context,
  DeadlineNear,
  type Made,
  type Opened,
  type RestorePlan,
  type Step,
  StoreUnavailable,
  type Want,
} from "@holdfast/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aContext } from "../../../test/kit/taken.ts";
import { advance } from "./advance.ts";
import { type Client, openClient } from "./client.ts";
import { aSeal, unseal } from "./kit/fakecluster.ts";
import { type FakeVault, fail, type Override, reply } from "./kit/fakeport.ts";
import { takeSnapshot } from "./kit/fakesnapshot.ts";
import { anExecution, aSource, aTarget, planned, type Restoring, restoring, targetOf, uploadsTo } from "./kit/restoring.ts";
import { openWorld, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { restoreAt } from "./restore.ts";

const opensItself = aSeal({ type: "static", keys: ["k1"] });
const force: Want = { force: true };

let world: World;
let fakes: FakeVault[];
let target: FakeVault;
let original: FakeVault["cluster"];
let opened: Opened<Native>;
let it: Restoring;
let plan: RestorePlan;
let want: Want;

/** A backup, and a fresh target whose restore is planned. */
async function set(
  wanted: Want,
  { seal, targetSeal = seal, guarded = false } = {} as { seal?: typeof opensItself; targetSeal?: typeof opensItself; guarded?: boolean },
) {
  const source = await aSource(world, seal);
  target = await aTarget(world, targetSeal);
  fakes.push(source.fake, target);
  original = source.fake.cluster;
  opened = source.opened;
  want = wanted;
  it = restoring(world, targetOf(target), guarded);
  plan = await planned(it, opened, want);
}
beforeEach(async () => {
  world = await openWorld();
  fakes = [];
});
afterEach(async () => {
  await Promise.all(fakes.map((fake) => fake.end()));
  await world.end();
});

const go = (
  made: readonly Made[] = [],
  some: Partial<{ open: Opened<Native>["open"]; context: Context; running: () => Promise<boolean>; started: Date }> = {},
): Promise<Step> => {
  const { open = opened.open, context = aContext(), running = async () => true, started = new Date() } = some;
  return it.advance(plan, { ...opened, open }, want, made, anExecution({ running, started }), context);
};
const openBy = (shares: readonly string[]) => {
  for (const share of shares.slice(0, 2)) unseal(target.cluster, share);
};
const nowIs = (minutes: number): Context => ({ ...aContext(), now: () => new Date(Date.now() + minutes * 60_000) });

describe("a restore by force, with unseal keys", () => {
  beforeEach(() => set(force));

  test("uploads, asks for the original keys, and is loaded when they were given", async () => {
    const asked = await go();
    expect(asked).toMatchObject({
      state: "wait",
      seconds: 15,
      ask: expect.stringContaining("2 of the 3 unseal keys of the original cluster"),
    });
    expect(await go(asked.made)).toEqual(asked);
    openBy(original.image.seal.keys);
    const loaded = await go(asked.made);
    expect(loaded.state).toBe("loaded");
    expect(uploadsTo(target)).toHaveLength(1);
    expect(await it.finish(loaded.made, anExecution(), aContext())).toEqual([{ what: "cluster", id: target.urls[0] }]);
  });

  test("never says a key or a token, and never sends one but its own login's", async () => {
    const asked = await go();
    const said = JSON.stringify([plan, asked]);
    for (const key of [...original.image.seal.keys, ...target.cluster.image.seal.keys, target.cluster.root, original.root])
      expect(said).not.toContain(key);
    expect(target.asked.filter(({ path }) => path === "sys/unseal")).toEqual([]);
  });

  test("does not take a target that only says 204 for restored (F22)", async () => {
    target.cluster.restoring = "ignores";
    const waiting = await go();
    expect(waiting).toMatchObject({ state: "wait", note: "the target took the snapshot and begins to load it" });
    await expect(go(waiting.made, { context: nowIs(2) })).rejects.toMatchObject({
      name: "RestoreNotApplied",
      hint: expect.stringContaining("Try again with a fresh target"),
    });
    expect(uploadsTo(target)).toHaveLength(1);
  });

  test("waits for a target that loads for long", async () => {
    target.cluster.restoring = "slow";
    const waiting = await go();
    expect(waiting).toMatchObject({ state: "wait", made: expect.arrayContaining([expect.objectContaining({ what: "snapshot taken" })]) });
    expect(waiting).not.toHaveProperty("ask");
    target.apply();
    expect(await go(waiting.made)).toHaveProperty("ask");
  });

  test("waits for a target that does not answer while it loads", async () => {
    const waiting = await go();
    await target.stopNode(0);
    expect(await go(waiting.made)).toMatchObject({
      state: "wait",
      note: "the target does not answer, as nodes do while they load or restart",
    });
  });

  describe("that died and is called again with the same", () => {
    test.each([
      ["before the upload", 0],
      ["while it read the backup", 1],
    ])("%s uploads once", async (_, reads) => {
      let count = 0;
      const open = (name: string) => (++count > reads ? dying(opened.open(name)) : opened.open(name));
      await expect(go([], { open })).rejects.toThrow("killed");
      expect(target.cluster.image.clusterId).toBe(plan.creates[1]?.id);
      expect(await go()).toHaveProperty("ask");
      expect(target.cluster.sealed).toBe(true);
    });

    test("after the upload does not upload again, and asks", async () => {
      await go();
      const asked = await go();
      expect(asked).toMatchObject({ state: "wait", ask: expect.stringContaining("unseal keys of the original cluster") });
      expect(uploadsTo(target)).toHaveLength(1);
    });

    test("after the upload finds what was unsealed meanwhile", async () => {
      await go();
      openBy(original.image.seal.keys);
      expect(await go()).toMatchObject({ state: "loaded" });
      expect(uploadsTo(target)).toHaveLength(1);
    });

    test("before the upload, with a target that somebody sealed and opened with its own keys, uploads", async () => {
      target.cluster.sealed = true;
      const waiting = await go();
      expect(waiting).toMatchObject({ state: "wait", ask: expect.stringContaining("use its own") });
      target.overrides.push(notAnswering);
      expect(await go(waiting.made)).toMatchObject({
        state: "wait",
        note: "the target does not answer, as nodes do while they load or restart",
      });
      target.overrides.pop();
      openBy(target.cluster.image.seal.keys);
      expect(await go(waiting.made)).toMatchObject({ state: "wait", ask: expect.not.stringContaining("use its own") });
      expect(uploadsTo(target)).toHaveLength(1);
    });
  });

  test("goes on where only the answer to the upload got lost", async () => {
    target.overrides.push(async ({ path }, response, request) => {
      if (!path.endsWith("snapshot-force")) return false;
      target.overrides.pop();
      response.end = () => response.destroy() as never;
      response.writeHead = () => response;
      return await takeSnapshot(target, { path } as never, request, response);
    });
    expect(await go()).toMatchObject({ state: "wait", ask: expect.any(String) });
  });

  test("fails where the target cut the upload (F24), and nothing was changed", async () => {
    target.overrides.push(({ path }, _response, request) => {
      if (!path.endsWith("snapshot-force")) return false;
      request.destroy();
      return true;
    });
    await expect(go()).rejects.toMatchObject({ name: "UploadCut", hint: expect.stringContaining("http_read_timeout") });
    expect(target.cluster.image.clusterId).toBe(plan.creates[1]?.id);
  });

  test("fails where the target went away during the upload", async () => {
    target.overrides.push((asked, response, request) => {
      if (!asked.path.endsWith("snapshot-force")) return false;
      target.overrides.push(notAnswering);
      return notAnswering(asked, response, request);
    });
    await expect(go()).rejects.toMatchObject({ name: "UploadCut" });
  });

  test("waits for a target that does not say yet which cluster it is", async () => {
    const { made } = await go();
    openBy(original.image.seal.keys);
    target.overrides.push(({ path }, response) => {
      if (path !== "sys/health") return false;
      return reply(response, 200, { initialized: true, sealed: false, standby: false, version: "2.7.2" });
    });
    expect(await go(made)).toMatchObject({ state: "wait" });
    target.overrides.pop();
    expect(await go(made)).toMatchObject({ state: "loaded" });
  });

  test("sends nothing once the execution was stopped", async () => {
    await expect(go([], { running: async () => false })).rejects.toMatchObject({ name: "ExecutionStopped" });
    expect(uploadsTo(target)).toEqual([]);
  });

  test("gives up after two days, counted from the upload", async () => {
    const asked = await go();
    const longAgo = new Date(Date.now() - 72 * 3_600_000);
    expect(await go(asked.made, { started: longAgo })).toHaveProperty("ask");
    await expect(go(asked.made, { context: nowIs(48 * 60 + 5) })).rejects.toMatchObject({ name: "UnsealAwaited" });
  });

  test.each<[string, () => void]>([
    ["was used since", () => target.cluster.image.mounts.push("secret/")],
    ["was downgraded since", () => Object.assign(target.cluster, { version: "2.6.0" })],
    ["became another cluster", () => Object.assign(target.cluster.image, { clusterId: "another" })],
  ])("leaves a target alone that %s", async (_, change) => {
    change();
    await expect(go()).rejects.toMatchObject({ name: "TargetChanged" });
    expect(uploadsTo(target)).toEqual([]);
  });

  test("leaves its call at once when a person is needed", async () => {
    it = restoreAt({ every: 0.005, atMost: 3600 })(targetOf(target), world.surroundings, { protected: false });
    expect(await go()).toHaveProperty("ask");
  });

  test("says that its time is up, and not that it waits", async () => {
    const { made } = await go();
    it = restoreAt({ every: 0, atMost: 0 })(targetOf(target), world.surroundings, { protected: false });
    await expect(go(made, { context: aContext(AbortSignal.abort(new DeadlineNear("waiting"))) })).rejects.toMatchObject({
      name: "DeadlineNear",
    });
  });

  test("fails with what stopped it, and in its time", async () => {
    target.cluster.restoring = "slow";
    const stop = new AbortController();
    target.overrides.push(({ path }) => {
      if (path.endsWith("snapshot-force")) stop.abort(new Error("time is up"));
      return false;
    });
    await expect(go([], { context: aContext(stop.signal) })).rejects.toThrow("time is up");
  });
});

const notAnswering: Override = (_asked, _response, request) => {
  request.destroy();
  return true;
};
async function* dying(bytes: AsyncIterable<Uint8Array>) {
  yield* bytes;
  throw new Error("killed");
}

describe("a backup that is not what it should be never reaches the target", () => {
  beforeEach(() => set(force));

  test("because it is damaged", async () => {
    const open = (name: string) => changed(opened.open(name));
    await expect(go([], { open })).rejects.toMatchObject({ name: "SnapshotBroken" });
    expect(uploadsTo(target)).toEqual([]);
  });

  test("because it is whole and another one", async () => {
    const other = await aSource(world);
    fakes.push(other.fake);
    await expect(go([], { open: other.opened.open })).rejects.toMatchObject({
      message: expect.stringContaining("not the one that the manifest tells of"),
    });
    expect(uploadsTo(target)).toEqual([]);
  });

  test("because the store fails at its end, while it is sent: servers take a snapshot before the end of its request", async () => {
    const sent: Uint8Array[] = [];
    const client: Client = {
      ...openClient(targetOf(target), aContext()),
      async upload(_node, _path, _token, body) {
        for await (const chunk of body) sent.push(chunk);
        return { status: 204, json: undefined };
      },
    };
    let reads = 0;
    const open = (name: string) => (++reads === 2 ? lost(opened.open(name)) : opened.open(name));
    const work = {
      client,
      target: targetOf(target),
      surroundings: world.surroundings,
      guarded: false,
      plan,
      opened: { ...opened, open },
      want,
    };
    const pace = { every: 0, atMost: 0 };
    await expect(advance({ ...work, execution: anExecution(), context: aContext(), pace }, [])).rejects.toMatchObject({
      name: "StoreUnavailable",
    });
    expect(reads).toBe(2);
    expect(sent).toEqual([]);
  });
});
async function* changed(bytes: AsyncIterable<Uint8Array>) {
  for await (const chunk of bytes) {
    const copy = Buffer.from(chunk);
    copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
    yield copy;
  }
}
async function* lost(bytes: AsyncIterable<Uint8Array>) {
  yield* bytes;
  throw new StoreUnavailable("the store is gone", "Try again.");
}

describe("a restore without force", () => {
  test("is refused by a target with other keys, which stays as it was (F23)", async () => {
    await set({});
    await expect(go()).rejects.toMatchObject({ name: "KeysDiffer", hint: expect.stringContaining('Say "force": true') });
    expect(target.cluster.sealed).toBe(false);
  });

  test("says that force would not help where a seal's key is another", async () => {
    await set({}, { seal: opensItself, targetSeal: aSeal({ type: "static", keys: ["k2"] }) });
    await expect(go()).rejects.toMatchObject({ name: "KeysDiffer", hint: expect.stringContaining("Give the target the very static key") });
  });

  test("takes another refusal for what it is", async () => {
    await set({});
    target.overrides.push(({ path, method }, response) => {
      if (method !== "POST" || !path.endsWith("raft/snapshot")) return false;
      return fail(response, 400, "raft storage is not in use");
    });
    await expect(go()).rejects.toMatchObject({ name: "NotRaft" });
  });

  test("takes what the server says of a damaged upload for that", async () => {
    await set({});
    target.overrides.push(({ path, method }, response) => {
      if (method !== "POST" || !path.endsWith("raft/snapshot")) return false;
      return fail(
        response,
        500,
        '1 error occurred:\n\t* failed to read snapshot file: failed checking integrity of snapshot: hash check failed for "state.bin"\n\n',
      );
    });
    await expect(go()).rejects.toMatchObject({ name: "SnapshotBroken", message: expect.stringContaining("hash check failed") });
  });

  test("opens by itself with the same seal, in one call", async () => {
    await set({}, { seal: opensItself });
    expect(await go()).toMatchObject({ state: "loaded" });
  });

  test("fails where that seal's key is another (F21)", async () => {
    await set({}, { seal: opensItself });
    target.cluster.restoring = "seals";
    const waiting = await go();
    expect(waiting).toMatchObject({ state: "wait", note: "the target is sealed and should open by itself with its static seal" });
    expect(waiting).not.toHaveProperty("ask");
    await expect(go(waiting.made, { context: nowIs(6) })).rejects.toMatchObject({
      name: "SealedAfterRestore",
      hint: expect.stringContaining("the very key that the source is sealed with"),
    });
  });
});

test("into an earlier copy, only a target that became active anew counts as restored", async () => {
  await set({}, { seal: opensItself, guarded: true });
  target.cluster.image.clusterId = opened.backup.native.clusterId;
  plan = await planned(it, opened, want);
  target.cluster.restoring = "ignores";
  const waiting = await go();
  expect(waiting).toMatchObject({ state: "wait", note: "the target took the snapshot and begins to load it" });
  await expect(go(waiting.made, { context: nowIs(2) })).rejects.toMatchObject({ name: "RestoreNotApplied" });
  target.cluster.restoring = "real";
  expect(await go()).toMatchObject({ state: "loaded" });
});

test("undo touches nothing: a cluster has no way back", async () => {
  await set(force);
  await go();
  const before = target.asked.length;
  expect(await it.undo(anExecution(), aContext())).toEqual([]);
  expect(target.asked).toHaveLength(before);
});
