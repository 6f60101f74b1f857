import { type Captured, HoldfastError, slotId } from "@holdfast/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { seeded } from "../../../test/kit/seeded.ts";
import { Crash, SimulatedRds } from "./kit/simulated.ts";
import { isRaw } from "./names.ts";
import { snapshotting } from "./snapshotting.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-11-21T00:00:00Z");
const SLOTS = Array.from({ length: 5 }, (_, at) => new Date(START + at * HOUR));

/** Runs of one source, doubled, lost and late, two at once at times, of which any call may be the last. */
async function simulate(seed: number): Promise<{ rds: SimulatedRds; manifests: Set<string> }> {
  const random = seeded(seed);
  const rds = new SimulatedRds(random);
  rds.add("rds:shop-1", {}, "aws", "available");
  const manifests = new Set<string>();
  const own = snapshotting(
    { snapshots: rds, settings: z.object({ class: z.string() }), pace: { seconds: 0 }, project: "acme-test" },
    { id: "shop", key: "own", wait: 0 },
    () => rds.api,
  );
  let now = START;
  const context = { now: () => new Date(now), signal: new AbortController().signal, progress: () => {} };
  const run = async (at: Date): Promise<void> => {
    if (manifests.has(slotId(at))) return;
    try {
      const found = await own.capture({ source: "shop", at, attempt: "any" }, context);
      if (found.state === "ready" && (!rds.crashes || random() > 0.1)) manifests.add(await slotIn(found, at));
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof HoldfastError)) throw error;
    }
  };
  for (let step = 0; step < 24; step++) {
    now += HOUR / 4;
    rds.pass();
    const due = SLOTS.filter((at) => at.getTime() <= now);
    const at = due[Math.floor(random() * due.length)];
    if (at) await Promise.all(random() < 0.4 ? [run(at), run(at)] : [run(at)]);
  }
  // Whatever was lost: the watch asks for what was begun until it is done.
  rds.crashes = false;
  for (let look = 0; look < 40; look++) {
    rds.pass();
    for (const at of (await own.begun?.("shop", context)) ?? []) await run(at);
  }
  return { rds, manifests };
}

async function slotIn(found: Extract<Captured<{ snapshot: { id: string } }>, { state: "ready" }>, at: Date): Promise<string> {
  const { snapshot } = await found.native();
  if (!snapshot.id.includes(slotId(at).toLowerCase())) throw new Error(`${snapshot.id} is not of ${slotId(at)}`);
  return slotId(at);
}

test("an automated snapshot of an earlier database of that name does not stand in", async () => {
  const rds = new SimulatedRds(seeded(1));
  Object.assign(rds, { crashes: false, status: "storage-full" });
  rds.add("rds:shop-1", {}, "aws", "available", "db-EARLIER");
  const parts = { snapshots: rds, settings: z.object({ class: z.string() }), pace: { seconds: 0 }, project: "acme-test" };
  const own = snapshotting(parts, { id: "shop", wait: 0 }, () => rds.api);
  const context = { now: () => new Date(START), signal: new AbortController().signal, progress: () => {} };
  await expect(own.capture({ source: "shop", at: new Date(START), attempt: "any" }, context)).rejects.toMatchObject({
    name: "NothingToCopy",
  });
});

test("an event that comes before RDS shows the snapshot finds it being made, and takes no second one", async () => {
  const rds = new SimulatedRds(seeded(1));
  Object.assign(rds, { crashes: false });
  const parts = { snapshots: rds, settings: z.object({ class: z.string() }), pace: { seconds: 0 }, project: "acme-test" };
  const own = snapshotting(parts, { id: "shop", wait: 0 }, () => rds.api);
  const context = { now: () => new Date(START), signal: new AbortController().signal, progress: () => {} };
  const slot = { source: "shop", at: new Date(START), attempt: "any" };
  await own.capture(slot, context);
  // Lists and descriptions lag behind; only the name tells.
  Object.assign(rds, { list: async () => [], find: async () => undefined });
  expect(await own.capture(slot, context)).toEqual({
    state: "pending",
    note: "the snapshot holdfast-shop-20261121t000000z is being made by another run",
  });
  expect([...rds.all.keys()]).toEqual(["holdfast-shop-20261121t000000z"]);
});

test("one slot never has two snapshots, what was finished is never lost, and nothing is deleted that must stay", async () => {
  let taken = 0;
  for (let seed = 1; seed <= 1000; seed++) {
    const { rds, manifests } = await simulate(seed);
    const manual = [...rds.all.values()].filter(({ tags }) => tags["holdfast:source"] === "shop");
    const slots = manual.map(({ tags }) => tags["holdfast:slot"] ?? "");
    const told = `seed ${seed}: ${manual.map(({ id, status }) => `${id} ${status}`).join(", ")}`;
    expect(rds.wrong, told).toEqual([]);
    expect(new Set(slots).size, told).toBe(slots.length);
    expect(slots.toSorted(), told).toEqual([...manifests].toSorted());
    expect(
      manual.every(({ id, key }) => !isRaw(id) && key === "own"),
      told,
    ).toBe(true);
    taken += manual.length;
  }
  expect(taken).toBeGreaterThan(3000);
});
