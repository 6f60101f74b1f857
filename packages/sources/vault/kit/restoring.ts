import type { Execution, Opened, RestorePlan, Want } from "@holdfast/core";
import { aContext, take } from "../../../../test/kit/taken.ts";
import { capture } from "../capture.ts";
import { config, type Target, target } from "../config.ts";
import type { Native } from "../native.ts";
import { restoreAt } from "../restore.ts";
import { aCluster, addRole, type Cluster, capabilities, type FakeSeal, type Policy, write } from "./fakecluster.ts";
import type { FakeVault } from "./fakeport.ts";
import { openFakeVault } from "./fakevault.ts";
import type { World } from "./world.ts";

export const MARKER = "secret/data/holdfast";
const SNAPSHOT = "sys/storage/raft/snapshot";
export const READER: Policy = { [SNAPSHOT]: ["read"], [MARKER]: ["read"] };
export const RESTORER: Policy = {
  [SNAPSHOT]: ["update"],
  [`${SNAPSHOT}-force`]: ["update"],
  "sys/storage/raft/configuration": ["read"],
  "sys/mounts": ["read"],
};

/** A cluster with a marker and two more secrets, and its backup; its login is the secret `reader`. */
export async function aSource(
  world: World,
  seal?: FakeSeal,
  some: Partial<Cluster> = {},
): Promise<{ fake: FakeVault; opened: Opened<Native> }> {
  const fake = await openFakeVault({ cluster: aCluster({ product: "openbao", ...some }, seal) });
  for (const path of [MARKER, "secret/data/a", "secret/data/b"])
    write(fake.cluster, path, { data: { value: path }, metadata: { version: 1 } });
  fake.cluster.image.mounts.push("secret/");
  world.secret("reader", addRole(fake.cluster, READER));
  const plan = config.parse({ nodes: fake.urls, auth: { method: "approle", secret: "reader" }, marker: MARKER });
  return { fake, opened: (await take(capture(plan, world.surroundings))).opened };
}

/** A fresh cluster of one node, whose restorer's login is the secret `restorer`. */
export async function aTarget(world: World, seal?: FakeSeal): Promise<FakeVault> {
  const fake = await openFakeVault({ cluster: aCluster({ product: "openbao" }, seal) });
  // Raft names its members by where they are, so two fakes would be one cluster.
  fake.overrides.push(({ path, token }, response) => {
    if (path !== "sys/storage/raft/configuration" || !capabilities(fake.cluster, token, path)?.includes("read")) return false;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ data: { config: { servers: [{ node_id: "t", address: fake.urls[0] }] } } }));
    return true;
  });
  world.secret("restorer", addRole(fake.cluster, RESTORER));
  return fake;
}

export const targetOf = (fake: FakeVault, some: Partial<Target> = {}): Target =>
  target.parse({
    nodes: fake.urls,
    auth: { method: "approle", secret: "restorer" },
    reader: { method: "approle", secret: "reader" },
    ...some,
  });

/** Looks again at once, and gives up before a test does. */
const QUICK = { every: 0.005, atMost: 0.2 };
export const restoring = (world: World, at: Target, guarded = false) => restoreAt(QUICK)(at, world.surroundings, { protected: guarded });
export type Restoring = ReturnType<typeof restoring>;

export async function planned(it: Restoring, { backup }: Opened<Native>, want: Want): Promise<RestorePlan> {
  const plan = it.plan(backup, want, await it.survey(backup, want, aContext()), { id: "x" });
  if ("refused" in plan) throw new Error(plan.refused.message);
  return plan;
}
export const anExecution = (some: Partial<Execution> = {}): Execution => ({
  id: "abc123",
  started: new Date(),
  running: async () => true,
  ...some,
});
/** What a target was sent that cannot be taken back. */
export const uploadsTo = (fake: FakeVault) => fake.asked.filter(({ method, path }) => method === "POST" && path.startsWith(SNAPSHOT));
