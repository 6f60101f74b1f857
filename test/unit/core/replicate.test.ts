import {
  type Backup,
  type Context,
  type Entry,
  evidenceLimit,
  type Finding,
  manifestKey,
  once,
  parseEvidenceKey,
  readEvidence,
  type Replicate,
  type Replicated,
  replicate,
  stateOf,
  type StoreCreate,
  whole,
} from "@holdfast/core";
import { memoryStore } from "@holdfast/stores/memory/memory.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { seeded } from "../../kit/seeded.ts";
import { testContext } from "../../kit/context.ts";
import { type Rig, rig } from "../../kit/rig.ts";
import { type Rows, rows } from "../../kit/rows.ts";

const [near, far] = ["eu-west-1", "eu-west-1-222222222222"];
const day = 86_400_000;

class Crash extends Error {}

/** Another region in memory: what stands there by destination and slot, and what was ever made. */
class Elsewhere implements Replicate<Rows> {
  readonly standing = new Map<string, Replicated>();
  readonly made: string[] = [];
  readonly asked: string[] = [];
  /** Called before and after each effect. */
  turn = async (_what: string): Promise<void> => {};
  /** Places that others leave. */
  places = Number.POSITIVE_INFINITY;
  most = 0;

  async look({ slot }: Backup<Rows>, to: string): Promise<Exclude<Replicated, { state: "waiting" }> | undefined> {
    await this.turn(`look ${to}`);
    const found = this.standing.get(`${to} ${slot}`);
    return found?.state === "waiting" ? undefined : found;
  }
  async replicate({ slot }: Backup<Rows>, to: string): Promise<Replicated> {
    this.asked.push(`${to} ${slot}`);
    await this.turn(`begin ${to}`);
    const found = this.standing.get(`${to} ${slot}`);
    if (found) return found;
    if (this.places <= this.underWay(to)) return { state: "waiting", note: "in line" };
    this.made.push(`${to} ${slot}`);
    this.standing.set(`${to} ${slot}`, { state: "pending", note: `${slot} is copied` });
    this.most = Math.max(this.most, this.underWay(to));
    await this.turn(`begun ${to}`);
    return { state: "pending", note: `${slot} is copied` };
  }
  underWay = (to: string): number => [...this.standing].filter(([at, { state }]) => at.startsWith(`${to} `) && state === "pending").length;
  /** What is under way ends, where `how` says so. */
  end(how: (at: string) => Replicated | undefined = () => ({ state: "whole", details: { key: "theirs" } })): void {
    for (const [at, { state }] of this.standing) {
      const ended = state === "pending" ? how(at) : undefined;
      if (ended) this.standing.set(at, ended);
    }
  }
}

const refuse = (name: string): Finding => ({ name, severity: "refuse", message: "it is so", hint: "Do something." });

function replicating(
  of: Rig,
  there: Replicate<Rows>,
  more: { to?: string[]; keeps?: number; create?: StoreCreate; context?: Context } = {},
) {
  const { to = [near], keeps = 7, create = of.store.create, context = of.context } = more;
  return replicate(
    { name: "shop", verified: ["readable"], keeps, to },
    {
      store: of.store.read,
      list: of.store.list,
      trusted: of.manifestSigner.trusted,
      kind: rows,
      replicate: there,
      create,
      sign: of.proofSigner,
    },
    context,
  );
}
const evidence = async (of: Rig) =>
  (await of.keys("evidence/replicated/")).map((key) => {
    const ref = parseEvidenceKey(key);
    return `${ref?.run} ${ref?.slot} ${ref?.verdict}`;
  });
const slots = ["20261121T020000Z", "20261122T020000Z", "20261123T020000Z"] as const;

describe("the copies of a source's backups", () => {
  test("are begun one after the other, the newest first, and recorded when they are whole", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(3);
    for (const slot of slots.toReversed()) {
      expect(await replicating(of, there)).toMatchObject([{ to: near, note: `${slot} is copied` }]);
      expect(there.made.at(-1)).toBe(`${near} ${slot}`);
      await replicating(of, there);
      there.end();
    }
    expect(await replicating(of, there)).toEqual([{ to: near, recorded: [{ slot: slots[0], verdict: "ok" }] }]);
    expect(await evidence(of)).toEqual(slots.map((slot) => `${near} ${slot} ok`));
    expect(there.made.length).toBe(3);
    const asked = there.asked.length;
    await replicating(of, there);
    expect(there.asked.length).toBe(asked);
  });

  test("are told by signed evidence about their manifest, whose run is the destination", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(1);
    await replicating(of, there);
    there.end();
    await replicating(of, there);
    const [key = ""] = await of.keys("evidence/replicated/");
    const ref = parseEvidenceKey(key);
    if (!ref) throw new Error(`${key} is no evidence`);
    const told = readEvidence(await whole(of.store.read.read({ key }), evidenceLimit), ref, of.proofSigner.trusted);
    expect(told).toMatchObject({ proof: "replicated", verdict: "ok", run: near, findings: [], details: { key: "theirs" } });
    expect(told.manifest.startsWith(ref.digest8)).toBe(true);
  });

  test("of those that are not verified, and of more than are kept, are not made", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(3);
    await of.backup();
    for (let run = 0; run < 5; run++) {
      await replicating(of, there, { keeps: 2 });
      there.end();
    }
    expect(there.made).toEqual([`${near} ${slots[2]}`, `${near} ${slots[1]}`]);
  });

  test("wait in line while others take the places, and nothing else is asked for there meanwhile", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(3);
    there.places = 0;
    expect(await replicating(of, there, { to: [near, far] })).toEqual([
      { to: near, recorded: [], note: "in line" },
      { to: far, recorded: [], note: "in line" },
    ]);
    expect(there.asked).toEqual([`${near} ${slots[2]}`, `${far} ${slots[2]}`]);
    there.places = 1;
    await replicating(of, there);
    expect(there.made).toEqual([`${near} ${slots[2]}`]);
  });

  test("that are older and done are recorded though a newer one has come and is begun", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(1);
    await replicating(of, there);
    await of.days(1);
    await replicating(of, there);
    expect(there.made).toEqual([`${near} ${slots[0]}`]);
    there.end();
    expect(await replicating(of, there)).toMatchObject([{ recorded: [{ slot: slots[0], verdict: "ok" }], note: `${slots[1]} is copied` }]);
  });

  test("that can never be are recorded as failed, once, and the next one has its turn", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(2);
    await replicating(of, there);
    there.end(() => ({ state: "lost", finding: refuse("copy-failed") }));
    expect(await replicating(of, there)).toMatchObject([
      { recorded: [{ slot: slots[1], verdict: "failed" }], note: `${slots[0]} is copied` },
    ]);
    await replicating(of, there);
    expect(await evidence(of)).toEqual([`${near} ${slots[1]} failed`]);
    expect(there.made).toEqual([`${near} ${slots[1]}`, `${near} ${slots[0]}`]);
  });

  test("are not told of where retention deletes the backup while it is asked for", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(1);
    const [key = ""] = await of.keys("evidence/readable/");
    there.turn = async () => {
      const pruned = key.replace("readable", "pruned");
      if (!(await of.keys()).includes(pruned)) await of.store.create.create(pruned, once(new Uint8Array(1)), of.context);
      there.standing.set(`${near} ${slots[0]}`, { state: "lost", finding: refuse("snapshot-gone") });
    };
    expect(await replicating(of, there)).toEqual([{ to: near, recorded: [] }]);
    expect(await evidence(of)).toEqual([]);
  });

  test("at one destination go on though another one fails, whose error is thrown in the end", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(1);
    there.turn = async (what) => {
      if (what.endsWith(` ${near}`)) throw new Error("nobody answers");
    };
    await expect(replicating(of, there, { to: [near, far] })).rejects.toThrow("nobody answers");
    expect(there.made).toEqual([`${far} ${slots[0]}`]);
  });

  test("are made of no backup whose manifest is forged, which is told and holds up no other", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(2);
    const key = manifestKey({ source: "shop", slot: slots[1] });
    const text = Buffer.from(await whole(of.store.read.read({ key }), evidenceLimit)).toString();
    of.store.inside.overwrite(key, Buffer.from(text.replace(/"rows":\s*3/, '"rows": 4')));
    await expect(replicating(of, there)).rejects.toMatchObject({ name: "BackupForged" });
    expect(there.made).toEqual([`${near} ${slots[0]}`]);
  });

  test("are made of no backup whose proof is about another manifest", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(1);
    const [key = ""] = await of.keys("evidence/readable/");
    const bytes = await whole(of.store.read.read({ key }), evidenceLimit);
    of.store.inside.remove(key);
    await of.store.create.create(key.replace(/ok\.[0-9a-f]{8}/, "ok.00000000"), once(bytes), of.context);
    expect(await replicating(of, there)).toEqual([{ to: near, recorded: [] }]);
    expect(there.asked).toEqual([]);
  });

  test("are looked at once a day, and one that is gone is told and not made again", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(1);
    await replicating(of, there);
    there.end();
    await replicating(of, there);
    there.standing.clear();
    of.context.pass(day / 2);
    expect(await replicating(of, there)).toEqual([{ to: near, recorded: [] }]);
    of.context.pass(day / 2 + 60_000);
    expect(await replicating(of, there)).toEqual([{ to: near, recorded: [{ slot: slots[0], verdict: "failed" }] }]);
    of.context.pass(day);
    await replicating(of, there);
    expect(there.made.length).toBe(1);
    expect(await evidence(of)).toEqual([`${near} ${slots[0]} failed`, `${near} ${slots[0]} ok`]);
  });

  test("never make a backup verified or copied, nor one that failed there broken", async () => {
    const [of, there] = [rig(), new Elsewhere()];
    await of.days(1);
    await replicating(of, there, { to: [near, far] });
    there.end((at) => (at.startsWith(`${far} `) ? { state: "lost", finding: refuse("copy-failed") } : { state: "whole", details: {} }));
    await replicating(of, there, { to: [near, far] });
    const [entry] = await of.entries();
    const { replicated } = entry?.evidence ?? {};
    expect(replicated?.map(({ verdict }) => verdict).toSorted()).toEqual(["failed", "ok"]);
    const alone = { ...entry, evidence: { replicated } } as Entry;
    for (const proof of ["present", "intact", "readable", "copied", "restored"] as const)
      expect(stateOf(alone, [proof])).toBe("unverified");
    expect(entry && stateOf(entry, ["readable"])).toBe("verified");
  });
});

describe("whatever is lost, doubled or killed", () => {
  let of: Rig;
  let objects: { key: string; bytes: Uint8Array }[];
  beforeAll(async () => {
    of = rig();
    await of.days(5);
    objects = await Promise.all(
      (await of.keys()).map(async (key) => ({ key, bytes: await whole(of.store.read.read({ key }), evidenceLimit) })),
    );
  });

  /** Runs over virtual hours, two at once at times, of which any call may be the last; then some in peace. */
  async function simulate(seed: number) {
    const random = seeded(seed);
    const context = testContext("2026-11-26T00:00:00Z");
    const store = memoryStore({ now: context.now });
    for (const { key, bytes } of objects) await store.create.create(key, once(bytes), context);
    const there = new Elsewhere();
    there.places = 1 + Math.floor(random() * 3);
    let crashes = true;
    there.turn = async () => {
      for (let turns = Math.floor(random() * 5); turns > 0; turns--) await Promise.resolve();
      if (crashes && random() < 0.05) throw new Crash();
    };
    const create: StoreCreate = {
      async create(...args) {
        await there.turn("recording");
        const stored = await store.create.create(...args);
        await there.turn("recorded");
        return stored;
      },
    };
    // Who reads evidence checks its signature; nobody does here, and signing takes long.
    const own: Rig = { ...of, store, proofSigner: { ...of.proofSigner, sign: async () => new Uint8Array(70) } };
    const run = async () => {
      await replicating(own, there, { to: [near, far], create, context }).catch((error) => {
        if (!(error instanceof Crash)) throw error;
      });
    };
    for (let step = 0; step < 60; step++) {
      crashes = step < 30;
      context.pass(15 * 60_000);
      there.end(() => (random() < 0.5 ? { state: "whole", details: {} } : undefined));
      await Promise.all(random() < 0.4 ? [run(), run()] : [run()]);
    }
    return { there, store };
  }

  test("there is one copy of each backup at each destination, one under way at a time, and all are whole in the end", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { there, store } = await simulate(seed);
      const told = `seed ${seed}: ${there.made.join(", ")}`;
      expect(there.made.length, told).toBe(10);
      expect(new Set(there.made).size, told).toBe(10);
      expect(there.most, told).toBe(1);
      const found: string[] = [];
      for await (const { key } of store.list.list("evidence/replicated/")) found.push(parseEvidenceKey(key)?.verdict ?? key);
      expect(found, told).toEqual(Array.from({ length: 10 }, () => "ok"));
    }
  });
});
