import { asFinding, type Context, type Finding, HoldfastError, type Surroundings } from "@holdfast/core";
import { type Client, openClient } from "./client.ts";
import type { Config } from "./config.ts";
import { NamespaceRefused, NotRaft, PolicyTooNarrow, TokenRefused } from "./errors.ts";
import { type Active, findActive } from "./leader.ts";
import { login } from "./login.ts";
import { readMarker } from "./marker.ts";
import { capabilitiesOf, isAllowed } from "./refusal.ts";

/** https://developer.hashicorp.com/vault/api-docs/system/storage/raft#take-a-snapshot-of-the-raft-cluster, also OpenBao's. */
export const SNAPSHOT_PATH = "sys/storage/raft/snapshot";

/** Goes the whole way to the snapshot but the last step; throws only what has no name and the deadline's reason. */
export async function preflight(config: Config, surroundings: Surroundings, context: Context): Promise<Finding[]> {
  const client = openClient(config, context);
  try {
    return await lookAt(client, config, surroundings, context.signal);
  } catch (error) {
    return [nameable(error, context.signal)];
  } finally {
    client.close();
  }
}

async function lookAt(client: Client, config: Config, surroundings: Surroundings, signal: AbortSignal): Promise<Finding[]> {
  const { node, seal } = await findActive(client);
  requireRaft(node, seal);
  const { token, end } = await login(client, node, config.auth, surroundings);
  try {
    const checks = [lookAtPolicy(client, node, token, config), lookAtMarker(client, node, token, config)];
    const looked = await Promise.all(checks.map((check) => check.catch((error: unknown) => [nameable(error, signal)])));
    // A token that is refused is refused for both.
    return [...new Map(looked.flat().map((it) => [it.message, it])).values()];
  } finally {
    await end();
  }
}

/** Throws {@link NotRaft} where the node says on what else its data stand. */
export function requireRaft(node: string, { storage_type: storage }: Active["seal"]): void {
  if (storage !== undefined && storage !== "raft") throw new NotRaft(node, storage);
}

/** What no reader of snapshots needs; sudo and root stand for everything. */
const TOO_MUCH = ["root", "sudo", "update", "create", "delete", "patch"];

async function lookAtPolicy(client: Client, node: string, token: string, { auth }: Config): Promise<Finding[]> {
  const capabilities = await capabilitiesOf(client, node, token, SNAPSHOT_PATH);
  if (!capabilities) throw auth.namespace === undefined ? new TokenRefused(node) : new NamespaceRefused(node);
  if (!isAllowed(capabilities, "read")) throw new PolicyTooNarrow(SNAPSHOT_PATH, "read");
  const more = capabilities.filter((it) => TOO_MUCH.includes(it));
  return more.length === 0 ? [] : [tooWide(more)];
}

const tooWide = (more: readonly string[]): Finding => ({
  name: "policy-too-wide",
  severity: "note",
  message: `the login may do more than take snapshots: ${more.join(", ")} on ${SNAPSHOT_PATH}`,
  hint: `Give it a policy of its own: path "${SNAPSHOT_PATH}" { capabilities = ["read"] }. Who can also write there can replace the cluster's data.`,
});

async function lookAtMarker(client: Client, node: string, token: string, { marker }: Config): Promise<Finding[]> {
  if (marker !== undefined) await readMarker(client, node, token, marker);
  return [];
}

function nameable(error: unknown, signal: AbortSignal): Finding {
  if (signal.aborted || !(error instanceof HoldfastError)) throw error;
  return asFinding(error, "refuse");
}
