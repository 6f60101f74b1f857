import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { ServiceNotReady } from "./errors.ts";
import { granted } from "./openbaocall.ts";
import type { OpenbaoNode, Seal, Tls } from "./openbaonode.ts";

/** What only the answer to `init` ever tells: unseal keys under a Shamir seal, recovery keys otherwise, both in base64. */
export type Secrets = { rootToken: string; keys: readonly string[] };

export const UNINITIALISED: Secrets = { rootToken: "", keys: [] };
const POLL_MS = 20;
/** Ten times what an election takes. */
const PATIENCE_SECONDS = 90;
const ACTIVE = 200;
const STANDBY = 429;

/** Makes one cluster of nodes that run: the first is initialised, the others join it. Back when one is active and all vote. */
export async function formCluster(nodes: readonly OpenbaoNode[], seal: Seal, tls: Tls | undefined): Promise<Secrets> {
  const [first, ...others] = nodes;
  if (!first) return UNINITIALISED;
  const secrets = await initialise(first, seal);
  if (seal.type === "shamir") await give(first, secrets.keys, seal.threshold);
  // One after the other: a leader that waits for the vote of a node whose raft is not up yet loses its lead.
  for (const node of others) await join(node, await activeOf(nodes), seal, secrets, tls);
  await settled(nodes, nodes.length);
  await until("had not all nodes as voters", async () => (await votersOf(first, secrets)) === nodes.length || undefined);
  return secrets;
}

async function initialise(node: OpenbaoNode, seal: Seal): Promise<Secrets> {
  const amount =
    seal.type === "shamir"
      ? { secret_shares: seal.shares, secret_threshold: seal.threshold }
      : { recovery_shares: 1, recovery_threshold: 1 };
  type Made = { root_token: string; keys_base64?: string[]; recovery_keys_base64?: string[] };
  const made = await granted(node.call<Made>("PUT", "sys/init", amount), "be initialised");
  return { rootToken: made.root_token, keys: (seal.type === "shamir" ? made.keys_base64 : made.recovery_keys_base64) ?? [] };
}

/** Back when the node's raft runs. Under a static seal it then opens by itself, at its next try, which it makes every 5 s. */
async function join(node: OpenbaoNode, leader: OpenbaoNode, seal: Seal, { keys }: Secrets, tls: Tls | undefined): Promise<void> {
  const trust = tls && { leader_ca_cert: readFileSync(tls.ca ?? tls.cert, "utf8") };
  await granted(node.call("PUT", "sys/storage/raft/join", { leader_api_addr: leader.url, ...trust }), "join");
  if (seal.type === "shamir") await give(node, keys, seal.threshold);
}

async function give(node: OpenbaoNode, keys: readonly string[], threshold: number): Promise<void> {
  for (const key of keys.slice(0, threshold)) await granted(node.call("PUT", "sys/unseal", { key }), "take an unseal key");
}

async function votersOf(node: OpenbaoNode, { rootToken }: Secrets): Promise<number> {
  type Members = { data: { config: { servers: { voter: boolean }[] } } };
  const asked = node.call<Members>("GET", "sys/storage/raft/configuration", undefined, rootToken);
  return (await granted(asked, "tell its members")).data.config.servers.filter(({ voter }) => voter).length;
}

/** Gives keys to every node that runs and is sealed, as many as it asks for, and waits until one is active and all are open. */
export async function unsealAll(nodes: readonly OpenbaoNode[], keys: readonly string[]): Promise<void> {
  const running = await statuses(nodes);
  const sealed = nodes.filter((_, i) => running[i] === 503);
  await Promise.all(
    sealed.map(async (node) => {
      const { t } = await granted(node.call<{ t: number }>("GET", "sys/seal-status"), "tell its seal");
      await give(node, keys, t);
    }),
  );
  await settled(nodes, running.filter((status) => status !== undefined).length);
}

/** The node that leads, waited for while there is none. Throws {@link ServiceNotReady}. */
export async function activeOf(nodes: readonly OpenbaoNode[]): Promise<OpenbaoNode> {
  return await until("had no active node", async () => nodes[(await statuses(nodes)).indexOf(ACTIVE)]);
}

async function settled(nodes: readonly OpenbaoNode[], open: number): Promise<void> {
  await until(`had not one active node and ${open - 1} standing by`, async () => {
    const found = await statuses(nodes);
    const many = (status: number) => found.filter((each) => each === status).length;
    return (many(ACTIVE) === 1 && many(STANDBY) === open - 1) || undefined;
  });
}

/** What `sys/health` answers: 200 active, 429 standby, 501 not initialised, 503 sealed; undefined where nobody does. */
function statuses(nodes: readonly OpenbaoNode[]): Promise<(number | undefined)[]> {
  const ask = (node: OpenbaoNode) =>
    node.call("GET", "sys/health").then(
      ({ status }) => status,
      () => undefined,
    );
  return Promise.all(nodes.map(ask));
}

/** What `look` finds, asked again and again. Throws {@link ServiceNotReady} that says `OpenBao {lack} after … s`. */
export async function until<T>(lack: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_SECONDS * 1000;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(POLL_MS);
  }
  throw new ServiceNotReady("OpenBao", `${lack} after ${PATIENCE_SECONDS} s`, "");
}
