import { type Backup, type Context, HoldfastError, type Replicate } from "@holdfast/core";
import { expect, test } from "vitest";
import { seeded } from "../../../test/kit/seeded.ts";
import { Crash, SimulatedRds } from "./kit/simulated.ts";
import type { Written } from "./recorded.ts";
import type { Replica } from "./replicas.ts";
import { replicating } from "./replicating.ts";

const stranger = "222222222222";
const replica: Replica = { region: "eu-west-1", key: "theirs", account: stranger, role: "any" };
const to = `eu-west-1-${stranger}`;
const context: Context = { now: () => new Date(0), signal: new AbortController().signal, progress: () => {} };
type Shop = Written<{ class: string }>;

/** A place there and one here, each of which may answer late, or end the process before or after what it was asked for took effect. */
function world(seed: number) {
  const random = seeded(seed);
  const [here, there] = [new SimulatedRds(random), new SimulatedRds(random)];
  const shared = new Set<string>();
  const asked = (api: unknown) => (api === here.api ? here : there);
  const keyed = { ...there.api, key: async (id: string) => ({ arn: id, state: "Enabled", managed: false }) };
  const own: Replicate<Shop> = replicating({
    snapshots: {
      noun: "instance",
      encryptable: true,
      list: (api, of, type) => asked(api).list(api, of, type),
      find: (api, id) => asked(api).find(api, id),
      copy: (api, from, id, tags, key) => {
        if (!shared.has(from.id)) throw new Error(`${from.id} is copied before it is shared`);
        return there.copy(api, from, id, tags, key);
      },
    },
    share: async (api, id) => {
      await asked(api).find(api, id);
      shared.add(id);
    },
    uncopyable: () => undefined,
    sized: true,
    project: "acme-test",
    replicas: [replica],
    home: () => here.api,
    away: () => () => keyed,
  });
  return { random, here, there, own };
}

/** A snapshot that stands here, as a backup. */
function backup(here: SimulatedRds, hour: number): Backup<Shop> {
  const slot = `20261121T0${hour}0000Z`;
  const id = `holdfast-shop-${slot.toLowerCase()}`;
  here.add(id, { "holdfast:project": "acme-test", "holdfast:source": "shop", "holdfast:slot": slot }, "ours", "available");
  const recorded = {
    arn: `arn:${id}`,
    id,
    of: "shop",
    resource: "db-ONE",
    engine: "postgres",
    version: "17.4",
    gigabytes: 20,
    key: "ours",
  };
  const snapshot = { ...recorded, taken: "2026-11-21T01:00:00.000Z", how: "taken" as const };
  return { source: "shop", slot, manifestSha256: "0".repeat(64), artifacts: [], native: { snapshot, settings: { class: "small" } } };
}

/** Runs that are doubled, and of which any call may be the last; then some in peace. */
async function simulate(seed: number) {
  const { random, here, there, own } = world(seed);
  const backups = [1, 2, 3].map((hour) => backup(here, hour));
  // Somebody else's has the name that the first copy wants.
  there.add(backups[0]?.native.snapshot.id ?? "", { "holdfast:project": "acme-other" }, "another", "available");
  const whole = new Set<string>();
  const run = async (one: Backup<Shop>) => {
    try {
      const found = (await own.look(one, to, context)) ?? (await own.replicate(one, to, context));
      if (found.state === "whole") whole.add(one.slot);
      if (found.state === "lost") throw new Error(found.finding.message);
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof HoldfastError)) throw error;
    }
  };
  for (let step = 0; step < 40; step++) {
    here.crashes = there.crashes = step < 20;
    there.pass();
    const one = backups[Math.floor(random() * backups.length)];
    if (one) await Promise.all(random() < 0.4 ? [run(one), run(one)] : [run(one)]);
  }
  for (let step = 0; step < 20; step++) {
    there.pass();
    for (const one of backups) await run(one);
  }
  return { copies: [...there.all.values()].filter(({ tags }) => tags["holdfast:project"] === "acme-test"), whole };
}

test("one slot never has two copies at a destination, and each is whole in the end under the key there", async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const { copies, whole } = await simulate(seed);
    const told = `seed ${seed}: ${copies.map(({ id, status }) => `${id} ${status}`).join(", ")}`;
    expect(copies.length, told).toBe(3);
    expect(new Set(copies.map(({ tags }) => tags["holdfast:copy-of"])).size, told).toBe(3);
    expect(
      copies.every(({ key, status }) => key === "theirs" && status === "available"),
      told,
    ).toBe(true);
    expect(whole.size, told).toBe(3);
  }
});
