import type { HoldfastError } from "@holdfast/core";
import { z } from "zod";
import type { Client } from "./client.ts";
import {
  ClusterUnknown,
  ConnectionBroken,
  NoActiveNode,
  NodeNotTrusted,
  NodesOfTwoClusters,
  NodesUnreachable,
  NotInitialised,
  VaultSealed,
} from "./errors.ts";
import type { Answer } from "./http.ts";
import type { Native } from "./native.ts";
import { refusal } from "./refusal.ts";

// https://developer.hashicorp.com/vault/api-docs/system/health · leader · seal-status; OpenBao's are the same but for `enterprise`.
const healthAnswer = z.looseObject({
  initialized: z.boolean(),
  sealed: z.boolean(),
  standby: z.boolean(),
  version: z.string(),
  cluster_id: z.string().optional(),
  cluster_name: z.string().optional(),
  enterprise: z.boolean().optional(),
});
const leaderAnswer = z.looseObject({
  ha_enabled: z.boolean(),
  is_self: z.boolean().default(false),
  leader_address: z.string().default(""),
  /** Since when it is: changes when it loads a snapshot, too. */
  active_time: z.string().optional(),
  raft_committed_index: z.number().optional(),
});
const sealAnswer = z.looseObject({
  type: z.string(),
  initialized: z.boolean(),
  sealed: z.boolean(),
  t: z.number(),
  n: z.number(),
  recovery_seal: z.boolean().default(false),
  version: z.string(),
  cluster_id: z.string().optional(),
  storage_type: z.string().optional(),
});
export type Health = z.infer<typeof healthAnswer>;
export type Leader = z.infer<typeof leaderAnswer>;
export type SealStatus = z.infer<typeof sealAnswer>;
export type Active = { node: string; health: Health; seal: SealStatus; leader: Leader };

/** Before 1.15 Vault did not say `enterprise` either, and OpenBao began with 2.0. */
export const productOf = ({ enterprise, version }: Pick<Health, "enterprise" | "version">): Native["product"] =>
  enterprise !== undefined || /^[01]\./.test(version) ? "vault" : "openbao";

/** Throws {@link ClusterUnknown}: a node that has just become active may leave its cluster's id out. */
export function clusterIdOf(node: string, { cluster_id }: Pick<Health, "cluster_id">): string {
  if (!cluster_id) throw new ClusterUnknown(node);
  return cluster_id;
}

/** A node that runs answers these at once, sealed or not. */
const PATIENCE = 10;

/**
 * The active node of a cluster, which alone has all that was written. Asks every node without a token; one that is dead or not trusted among living
 * ones does not matter. Throws {@link NodesUnreachable}, {@link NodeNotTrusted}, {@link VaultSealed}, {@link NotInitialised}, {@link NoActiveNode},
 * {@link NodesOfTwoClusters}.
 */
export async function findActive(client: Client): Promise<Active> {
  const looks = await Promise.all(client.nodes.map((node) => look(client, node)));
  const active = looks.flatMap((it) => (it.state === "active" ? [it] : []));
  requireOneCluster(active);
  const [first] = active.toSorted(byIndex);
  if (!first) throw noneOf(looks);
  return { node: first.node, health: first.health, leader: first.leader, seal: await sealStatus(client, first.node) };
}

/** Of two that both say so, the one with more to show: the other has not noticed yet that it was replaced. */
const byIndex = (a: { leader: Leader }, b: { leader: Leader }) =>
  (b.leader.raft_committed_index ?? 0) - (a.leader.raft_committed_index ?? 0);

/** Of a node that is known to be active. */
export async function healthOf(client: Client, node: string): Promise<Health> {
  const answer = await client.ask(node, "GET", "sys/health", { timeoutSeconds: PATIENCE });
  const told = healthAnswer.safeParse(answer.json);
  if (!told.success) throw refusal(node, "it was asked for its health", answer);
  return told.data;
}

export async function sealStatus(client: Client, node: string): Promise<SealStatus> {
  const answer = await client.ask(node, "GET", "sys/seal-status", { timeoutSeconds: PATIENCE });
  const told = sealAnswer.safeParse(answer.json);
  if (answer.status !== 200 || !told.success) throw refusal(node, "it was asked for its seal", answer);
  return told.data;
}

/** Of standbys no more is asked: after a restore they may take a while to learn what cluster they are. */
function requireOneCluster(active: readonly Extract<Look, { state: "active" }>[]): void {
  if (new Set(active.map(({ health }) => health.cluster_id)).size > 1)
    throw new NodesOfTwoClusters(active.map(({ node, health }) => `${node} to ${health.cluster_id}`));
}

type Look =
  | { node: string; state: "active"; health: Health; leader: Leader }
  | { node: string; state: "sealed" | "new" | "other"; words: string }
  | { node: string; state: "dead"; error: HoldfastError };

async function look(client: Client, node: string): Promise<Look> {
  try {
    const [health, leader] = await Promise.all([
      client.ask(node, "GET", "sys/health", { timeoutSeconds: PATIENCE }),
      client.ask(node, "GET", "sys/leader", { timeoutSeconds: PATIENCE }),
    ]);
    return judge(node, health, leader);
  } catch (error) {
    if (error instanceof NodeNotTrusted || error instanceof NodesUnreachable || error instanceof ConnectionBroken)
      return { node, state: "dead", error };
    throw error;
  }
}

const states: Readonly<Record<number, string>> = {
  429: "is a standby",
  472: "is a disaster recovery secondary",
  473: "is a performance standby",
  530: "was removed from its cluster",
};

function judge(node: string, health: Answer, leader: Answer): Look {
  const told = healthAnswer.safeParse(health.json);
  const led = leaderAnswer.safeParse(leader.json);
  if (health.status === 501) return { node, state: "new", words: "is not initialised" };
  if (health.status === 503 && told.data?.sealed) return { node, state: "sealed", words: "is sealed" };
  const words = passive(health, leader, led.data);
  if (words !== undefined || !told.success || !led.success) return { node, state: "other", words: words ?? "does not answer as a Vault" };
  return { node, state: "active", health: told.data, leader: led.data };
}

/** Why a node is not the active one. */
function passive(health: Answer, leader: Answer, led: Leader | undefined): string | undefined {
  if (health.status !== 200) return states[health.status] ?? `answers HTTP ${health.status}`;
  if (leader.status !== 200) return "does not say who leads";
  return led?.ha_enabled && !led.is_self ? `says that ${led.leader_address || "nobody"} leads` : undefined;
}

function noneOf(looks: readonly Look[]): HoldfastError {
  const dead = looks.flatMap((it) => (it.state === "dead" ? [it.error] : []));
  const alive = looks.flatMap((it) => ("words" in it ? [it] : []));
  if (alive.length === 0) {
    const untrusted = dead.find((error) => error instanceof NodeNotTrusted);
    return (
      untrusted ??
      new NodesUnreachable(
        looks.map(({ node }) => node),
        { cause: dead[0] },
      )
    );
  }
  const [first] = alive;
  if (first && alive.every(({ state }) => state === "sealed")) return new VaultSealed(first.node);
  if (first && alive.every(({ state }) => state === "new")) return new NotInitialised(first.node);
  return new NoActiveNode(looks.map((it) => `${it.node} ${"words" in it ? it.words : it.state === "dead" ? told(it.error) : "is active"}`));
}

const told = (error: HoldfastError) => (error instanceof NodeNotTrusted ? "is not trusted" : "does not answer");
