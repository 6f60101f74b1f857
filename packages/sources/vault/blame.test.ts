import {
  backup,
  catalogue,
  type Kind,
  keep,
  loadManifest,
  type Planned,
  prove,
  type RestorePorts,
  retain,
  stateOf,
  type VerifyPorts,
  verify,
} from "@holdfast/core";
import { type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testContext } from "../../../test/kit/context.ts";
import { plainSeal, plainUnseal } from "../../../test/kit/plainseal.ts";
import { signer } from "../../../test/kit/signer.ts";
import { capture } from "./capture.ts";
import { config } from "./config.ts";
import { vault } from "./kind.ts";
import { addRole } from "./kit/fakecluster.ts";
import type { FakeVault } from "./kit/fakeport.ts";
import { aSource, aTarget, MARKER, READER, restoring, targetOf } from "./kit/restoring.ts";
import { openWorld, type World } from "./kit/world.ts";
import type { Native } from "./native.ts";
import { read } from "./read.ts";
import type { Facts } from "./survey.ts";

const MONTHLY = { source: "vault", slot: "20260901T020000Z" };
const DAYS = ["2026-09-01", "2026-11-19", "2026-11-20", "2026-11-21"];
const signing = signer();
const context = testContext("2026-11-21T14:00:00Z");

let world: World;
let source: FakeVault;
let target: FakeVault;
let store: MemoryStore;
/** A store with a backup that is kept for its month alone, and a target that holds what was restored from it. */
beforeEach(async () => {
  world = await openWorld();
  source = (await aSource(world)).fake;
  target = await aTarget(world, source.cluster.image.seal);
  target.cluster.image = structuredClone(source.cluster.image);
  store = memoryStore();
  for (const day of DAYS) await takeAndVerify(day);
});
afterEach(async () => {
  await Promise.all([source.end(), target.end()]);
  await world.end();
});

const opening = () => ({ store: store.read, list: store.list, unseal: plainUnseal, trusted: signing.trusted });
async function takeAndVerify(day: string): Promise<void> {
  const plan = config.parse({ nodes: source.urls, auth: { method: "approle", secret: "reader" }, marker: MARKER });
  const kind = vault as Kind<unknown, Native>;
  const writing = { kind, list: store.list, create: store.create, sign: signing };
  const input = { source: "vault", at: new Date(`${day}T02:00:00Z`), attempt: "attempt00000001", trigger: "schedule" as const };
  await backup(input, { ...writing, capture: capture(plan, world.surroundings), seal: plainSeal }, context);
  const ports: VerifyPorts<Native> = { ...opening(), ...writing, read: read(world.surroundings), fits: 1e9 };
  await verify({ source: "vault", slot: `${day.replaceAll("-", "")}T020000Z` }, ports, context);
}

/** As the workflow does it once the target is loaded. */
async function proveRestored(): Promise<void> {
  const { digest, version } = await loadManifest(MONTHLY, opening(), context.signal);
  const of = { backup: { ...MONTHLY, digest, version }, want: {}, target: "spare", plan: { creates: [], steps: [], needsDisk: 0 } };
  const ports: RestorePorts<Native, Facts> = {
    ...opening(),
    kind: vault,
    restore: restoring(world, targetOf(target)),
    fits: { disk: 1e9, bytes: 1e9 },
  };
  await prove(of as unknown as Planned<Facts>, [], { id: "e1" }, { ...ports, create: store.create, sign: signing }, context);
}
async function standing() {
  const entry = (await catalogue(store.list, "vault")).find(({ slot }) => slot === MONTHLY.slot);
  const of = { name: "vault", keep: keep.parse({ daily: 1, monthly: 12, minimum: 2 }), verified: vault.verified };
  const { released } = await retain(of, { list: store.list, mark: store.mark }, context);
  return { state: entry && stateOf(entry, vault.verified), proven: entry?.evidence.restored?.length ?? 0, released };
}

test.each<[string, () => void, string]>([
  ["a secret id that was made after the backup", () => void world.secret("reader", addRole(source.cluster, READER)), "LoginRefused"],
  ["a secret that nobody can read", () => void world.secret("reader", "{"), "SecretUnusable"],
  ["a policy that is too narrow", () => void world.secret("reader", addRole(target.cluster, {})), "PolicyTooNarrow"],
  ["somebody else's restore into the target", () => void Object.assign(target.cluster.image, { clusterId: "another" }), "TargetChanged"],
  ["a target that is sealed", () => void Object.assign(target.cluster, { sealed: true }), "VaultSealed"],
])("a proof that could not look, for %s, leaves state and retention as they were", async (_, break_, name) => {
  const before = await standing();
  expect(before).toMatchObject({ state: "verified", proven: 0 });
  expect(before.released).not.toContain(MONTHLY.slot);
  break_();
  await expect(proveRestored()).rejects.toMatchObject({ name });
  expect(await standing()).toEqual(before);
});

test("a proof that saw a difference breaks the backup, which then stands for no month any more", async () => {
  target.cluster.image.kv.delete("secret/data/a");
  await expect(proveRestored()).rejects.toMatchObject({
    name: "RestoreDiffers",
    hint: expect.stringContaining("The target holds what was loaded"),
  });
  const after = await standing();
  expect(after).toMatchObject({ state: "failed", proven: 1 });
  expect(after.released).toContain(MONTHLY.slot);
});

test("a proof that found everything is evidence for it", async () => {
  await proveRestored();
  expect(await standing()).toMatchObject({ state: "verified", proven: 1 });
});
