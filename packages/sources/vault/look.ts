import { HoldfastError } from "@holdfast/core";
import type { Client } from "./client.ts";
import { VaultSealed } from "./errors.ts";
import { clusterIdOf, findActive, sealStatus } from "./leader.ts";
import type { Seen } from "./standing.ts";

/**
 * Looks at the target without a login. A node that loads a snapshot holds back most answers, so no answer is an answer too.
 * Throws {@link NodeNotTrusted}, {@link NotInitialised}: neither passes by itself.
 */
export async function look(client: Client): Promise<Seen> {
  try {
    const { node, health, leader } = await findActive(client);
    return { state: "open", node, clusterId: clusterIdOf(node, health), since: leader.active_time };
  } catch (error) {
    if (error instanceof VaultSealed) return await lookAtSeal(client, error.node);
    return away(client, error);
  }
}

async function lookAtSeal(client: Client, node: string): Promise<Seen> {
  try {
    const { type, t } = await sealStatus(client, node);
    return { state: "sealed", node, seal: type, threshold: t };
  } catch (error) {
    return away(client, error);
  }
}

function away({ nodes }: Client, error: unknown): Seen {
  if (!(error instanceof HoldfastError) || error.fault !== "world") throw error;
  return { state: "away", node: nodes[0] ?? "", error };
}
