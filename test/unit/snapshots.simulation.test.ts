import {
  backup,
  catalogue,
  type Entry,
  finishBegun,
  HoldfastError,
  isBackup,
  parseManifestKey,
  prune,
  type Replay,
  record,
  stateOf,
  verify,
  version,
  type WatchedSource,
  watch,
} from "@holdfast/core";
import { memoryStore } from "@holdfast/stores/memory/memory.ts";
import { expect, test } from "vitest";
import { Crash } from "../../packages/sources/rds/kit/simulated.ts";
import { isRaw } from "../../packages/sources/rds/names.ts";
import { present } from "../../packages/sources/rds/present.ts";
import { snapshotting } from "../../packages/sources/rds/snapshotting.ts";
import { crashing } from "../kit/crashing.ts";
import { seeded } from "../kit/seeded.ts";
import { plainSeal, plainUnseal } from "../kit/plainseal.ts";
import { signer } from "../kit/signer.ts";
import { native, pruningOf, settings, TroubledRds } from "../kit/snapshots.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-11-21T00:00:00Z");
const DAYS = 2;
const KEEP = 2;
const QUOTA = 10;
const STEP = 3;
const source: WatchedSource = {
  name: "shop",
  kind: "snapshots",
  schedule: "cron(0 0/6 * * ? *)",
  alarmHours: 9,
  verified: ["present"],
  finishes: true,
  recheckHours: 24,
};
const kind = { name: source.kind, native, verified: source.verified };
const [manifests, proofs] = [signer(), signer()];
const trusted = { ...manifests.trusted, ...proofs.trusted };

/**
 * Some days of one source through all of core's verbs, on RDS and a store in memory. The Scheduler, the events of RDS and of S3 and the drills come
 * or are lost, once or twice, early or late; any call may be the last of its process.
 */
class Days {
  readonly rds: TroubledRds;
  readonly #random: () => number;
  readonly #store;
  #now = START;
  #attempts = 0;
  #told: string[] = [];
  readonly crashes = { on: true };
  readonly context = { now: () => new Date(this.#now), signal: new AbortController().signal, progress: () => {} };

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.rds = new TroubledRds(this.#random, this.context.now, QUOTA);
    this.#now = START - 33 * HOUR;
    this.rds.add("rds:shop-1", {}, "aws", "available");
    this.#now = START;
    this.#store = crashing(memoryStore({ now: this.context.now }), () => this.crashes.on && this.chance(0.01), Crash);
  }

  chance = (of: number): boolean => this.#random() < of;

  #ports() {
    const parts = { snapshots: this.rds, settings, pace: { seconds: 0 }, project: "acme-test" };
    const capture = snapshotting(parts, { id: "shop", key: "own", wait: 0 }, () => this.rds.api);
    const { list, create, read } = this.#store;
    return {
      kind,
      capture: { ...capture, preflight: async () => [] },
      seal: plainSeal,
      unseal: plainUnseal,
      list,
      create,
      store: read,
      trusted,
    };
  }
  #attempt = () => `attempt${String(this.#attempts++).padStart(8, "0")}`;
  /** Whatever becomes of it. What is nobody's doing but ours ends the test. */
  async #run(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof HoldfastError)) throw error;
    }
  }
  backup = (at: Date) =>
    this.#run(() =>
      backup({ source: "shop", at, attempt: this.#attempt(), trigger: "schedule" }, { ...this.#ports(), sign: manifests }, this.context),
    );
  finish = () =>
    this.#run(() =>
      finishBegun(
        { source: "shop", attempt: this.#attempt, trigger: () => "schedule" },
        { ...this.#ports(), sign: manifests },
        this.context,
      ),
    );
  verify = (key: string, of?: { version: string; run?: string | undefined }) =>
    this.#run(async () => {
      const at = parseManifestKey(key);
      const read = present(this.rds, () => this.rds.api);
      if (at) await verify({ ...at, ...of }, { ...this.#ports(), sign: proofs, read, fits: 1 }, this.context);
    });
  prune = () =>
    this.#run(async () => {
      const service = pruningOf(this.rds, "shop");
      await prune({ name: "shop", keep: KEEP, verified: source.verified }, { ...this.#ports(), sign: proofs, service }, this.context, {
        confirmed: true,
      });
    });
  watch = () =>
    this.#run(async () => {
      const { list, create } = this.#store;
      const { failed } = await watch(
        [source],
        { list, create, keys: {}, publish: async () => {}, replay: (one) => this.#replay(one) },
        this.context,
      );
      if (failed[0]) throw failed[0].error;
    });
  #replay(one: Replay): Promise<void> {
    if (one.verb === "verify") return this.verify(one.key, one);
    if (one.verb === "copy") throw new Error("a snapshot has no copy elsewhere");
    return one.verb === "finish" ? this.finish() : this.backup(one.at);
  }
  entries = (): Promise<Entry[]> => catalogue(this.#store.calm.list, "shop");

  /** A drill of any backup that is verified. */
  async drill(): Promise<void> {
    const verified = (await this.entries()).filter((entry) => isBackup(entry) && stateOf(entry, ["present"]) === "verified");
    const one = verified[Math.floor(this.#random() * verified.length)];
    const digest8 = one?.evidence.present?.[0]?.digest8;
    if (!one || digest8 === undefined) return;
    const body = {
      source: "shop",
      slot: one.slot,
      manifest: digest8.padEnd(64, "0"),
      run: "drill",
      at: this.context.now().toISOString(),
      seconds: 1,
    };
    await record(
      { format: "holdfast-evidence/1", proof: "restored", verdict: "ok", holdfast: version, findings: [], details: {}, ...body },
      { create: this.#store.calm.create, sign: proofs },
    );
  }

  /** The store's own events, of manifests that nobody was told of yet. */
  async #hear(): Promise<void> {
    for (const { manifest } of await this.entries()) {
      if (!manifest || this.#told.includes(manifest.key)) continue;
      this.#told.push(manifest.key);
      for (let times = this.chance(0.15) ? 0 : this.chance(0.2) ? 2 : 1; times > 0; times--) await this.verify(manifest.key, manifest);
    }
  }

  async step(): Promise<void> {
    this.#now += STEP * HOUR;
    this.rds.pass();
    this.rds.trouble();
    const at = new Date(this.#now);
    const due = at.getUTCHours() % 6 === 0 && !this.chance(0.1);
    const runs = due ? [this.backup(at), ...(this.chance(0.2) ? [this.backup(at)] : [])] : [];
    await Promise.all([...runs, ...(this.chance(0.3) ? [this.finish()] : [])]);
    await this.#hear();
    if (this.chance(0.3)) await Promise.all([this.watch(), ...(this.chance(0.2) ? [this.watch()] : [])]);
    if (this.chance(0.4)) await Promise.all([this.prune(), ...(this.chance(0.2) ? [this.prune()] : [])]);
    if (this.chance(0.05)) await this.drill();
  }

  own = () => [...this.rds.all.values()].filter(({ tags }) => tags["holdfast:source"] === "shop");

  /** One look without a crash: what was finished when it began is a backup afterwards. */
  async lookOnce(told: string): Promise<void> {
    const finished = this.own().filter(({ id, status }) => status === "available" && !isRaw(id));
    const before = this.crashes.on;
    this.crashes.on = this.rds.crashes = false;
    await this.watch();
    this.crashes.on = this.rds.crashes = before;
    const slots = (await this.entries()).flatMap((entry) => (isBackup(entry) ? [entry.slot] : []));
    for (const { id, tags } of finished)
      expect(slots, `${told}: ${id} is finished and has no manifest after a look`).toContain(tags["holdfast:slot"]);
  }
}

type What = "taken" | "pruned" | "lost" | "doubts";
async function simulate(seed: number): Promise<Record<What, number>> {
  const days = new Days(seed);
  const told = `seed ${seed}`;
  days.rds.onRemove = async (id) => requireUnwanted(days, id, told);
  for (let step = 0; step < (DAYS * 24) / STEP; step++) {
    await days.step();
    if (step % 8 === 7) await days.lookOnce(told);
    expect(days.rds.wrong, told).toEqual([]);
    const finals = days.own().flatMap(({ id, tags }) => (isRaw(id) ? [] : [tags["holdfast:slot"]]));
    expect(new Set(finals).size, `${told}: two snapshots of one slot among ${finals.join()}`).toBe(finals.length);
  }
  const entries = await days.entries();
  const has = (name: "pruned" | "lost") => entries.filter(({ evidence }) => evidence[name]).length;
  const doubts = entries.filter(({ evidence }) => evidence.present?.some(({ verdict }) => verdict === "doubt")).length;
  return { taken: entries.filter(isBackup).length, pruned: has("pruned"), lost: has("lost"), doubts };
}

/** By the truth, and not by what the plan says of itself: enough newer ones stand that are verified, and it is not the newest restored one. */
async function requireUnwanted(days: Days, id: string, told: string): Promise<void> {
  const one = days.rds.all.get(id);
  if (!one || isRaw(id) || one.status === "failed") return;
  const standing = new Set(
    days.own().flatMap(({ id: other, status, tags }) => (status === "available" && !isRaw(other) ? [tags["holdfast:slot"]] : [])),
  );
  const verified = (await days.entries()).filter((entry) => standing.has(entry.slot) && verifiedBut(entry));
  const slot = one.tags["holdfast:slot"] ?? "";
  const newer = verified.filter((entry) => entry.slot > slot);
  const restored = verified.filter((entry) => entry.evidence.restored).at(-1);
  const newest = verified.at(-1)?.slot ?? "";
  const doubt = (await days.entries()).find((entry) => stateOf(entry, ["present"]) === "doubt" && entry.slot > newest);
  if (doubt) days.rds.wrong.push(`${told}: ${id} went, and ${doubt.slot} is in doubt`);
  if (newer.length < KEEP) days.rds.wrong.push(`${told}: ${id} went, and ${newer.length} newer ones are verified`);
  if (restored?.slot === slot) days.rds.wrong.push(`${told}: ${id} went, the newest that was restored`);
}
/** A run that died between evidence and deletion left it recorded as gone. */
const verifiedBut = ({ evidence: { pruned: _gone, ...evidence }, ...entry }: Entry) =>
  stateOf({ ...entry, evidence }, ["present"]) === "verified";

test("over days of lost and doubled events, quotas and crashes no slot has two snapshots, no finished one stays without its manifest, and none goes that must stay", async () => {
  const sum = { taken: 0, pruned: 0, lost: 0, doubts: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const found = await simulate(seed);
    for (const what of ["taken", "pruned", "lost", "doubts"] as const) sum[what] += found[what];
  }
  expect(sum.taken).toBeGreaterThan(SEEDS * 3);
  expect(sum.pruned).toBeGreaterThan(SEEDS / 10);
  expect(sum.lost).toBeGreaterThan(SEEDS / 100);
  expect(sum.doubts).toBeGreaterThan(SEEDS / 100);
}, 900_000);
const SEEDS = Number(process.env.HOLDFAST_SEEDS ?? 2000);
