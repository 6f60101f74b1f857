import type { Surroundings, Want } from "@holdfast/core";
import { z } from "zod";
import type { Client } from "./client.ts";
import type { Target } from "./config.ts";
import { LoginRefused, PolicyTooNarrow, TokenRefused } from "./errors.ts";
import { clusterIdOf, findActive, productOf } from "./leader.ts";
import { login } from "./login.ts";
import { fingerprint } from "./meta.ts";
import type { Native } from "./native.ts";
import { requireRaft, SNAPSHOT_PATH } from "./preflight.ts";
import { capabilitiesOf, explain, isAllowed } from "./refusal.ts";

/** What a target is, as far as a plan must know it. No secret, no path and no address: it travels through the history of executions. */
export type Facts = {
  product: Native["product"];
  version: string;
  clusterId: string;
  /** Its servers' fingerprints, as {@link Native} has them, sorted. */
  servers: string[];
  /** Each of its servers has a raft node id that begins with `drill`. It is of the node's own configuration, so no restore changes it. */
  forDrills: boolean;
  /** What it is sealed with now. Shares and threshold are of the recovery keys where it opens by itself. */
  seal: { type: string; shares: number; threshold: number };
  /** Secrets engines beside those that every cluster has. */
  engines: number;
};

/** Where a restore goes. Force passes the check that the target has the backup's keys. */
export const pathOf = ({ force }: Pick<Want, "force">) => (force ? `${SNAPSHOT_PATH}-force` : SNAPSHOT_PATH);

/** What a node needs to be told, and who is asked for the rest. */
export type At = { client: Client; target: Target; surroundings: Pick<Surroundings, "secrets" | "identity"> };

/**
 * Looks and changes nothing. Throws {@link NotInitialised}, {@link VaultSealed}, {@link NotRaft}, {@link LoginRefused}, {@link TokenRefused}, {@link PolicyTooNarrow} for each
 * right that the restore will need, and what {@link findActive} throws.
 */
export async function survey({ client, target, surroundings }: At, want: Want): Promise<Facts> {
  const { node, health, seal } = await findActive(client);
  requireRaft(node, seal);
  const session = await login(client, node, target.auth, surroundings);
  try {
    await requireRight({ client, target }, node, session.token, pathOf(want));
    return {
      product: productOf(health),
      version: health.version,
      clusterId: clusterIdOf(node, health),
      ...(await serversOf(client, node, session.token)),
      seal: { type: seal.type, shares: seal.n, threshold: seal.t },
      engines: await countEngines(client, node, session.token),
    };
  } finally {
    await session.end();
  }
}

const FRESH_TOKEN =
  "A restore takes a target's tokens away, so this may be the one of before it. Initialise a fresh target, and write its root token into the secret.";

async function requireRight(
  { client, target: { auth } }: Pick<At, "client" | "target">,
  node: string,
  token: string,
  path: string,
): Promise<void> {
  const allowed = await capabilitiesOf(client, node, token, path);
  if (allowed === undefined)
    throw auth.method === "token"
      ? new LoginRefused(node, `the token in ${auth.secret}`, "permission denied", FRESH_TOKEN)
      : new TokenRefused(node);
  if (!isAllowed(allowed, "update")) throw new PolicyTooNarrow(path, "update");
}

/** What it answers under `data`. */
async function read<T>(client: Client, node: string, token: string, path: string, data: z.ZodType<T>): Promise<T> {
  const answer = await client.ask(node, "GET", path, { token });
  const told = z.looseObject({ data }).safeParse(answer.json);
  if (answer.status !== 200 || !told.success) throw await explain(client, node, { path, token, capability: "read" }, answer);
  return told.data.data;
}

const configuration = z.looseObject({
  config: z.looseObject({ servers: z.array(z.looseObject({ node_id: z.string(), address: z.string() })).min(1) }),
});

const FOR_DRILLS = /^drill/;

async function serversOf(client: Client, node: string, token: string): Promise<Pick<Facts, "servers" | "forDrills">> {
  const { config } = await read(client, node, token, "sys/storage/raft/configuration", configuration);
  return {
    servers: config.servers.map(({ node_id, address }) => fingerprint({ ID: node_id, Address: address })).sort(),
    forDrills: config.servers.every(({ node_id }) => FOR_DRILLS.test(node_id)),
  };
}

/** Of the mounts that a fresh cluster has. */
const OWN_TYPES = new Set(["cubbyhole", "identity", "system"]);

async function countEngines(client: Client, node: string, token: string): Promise<number> {
  const mounts = await read(client, node, token, "sys/mounts", z.record(z.string(), z.looseObject({ type: z.string() })));
  return Object.values(mounts).filter(({ type }) => !OWN_TYPES.has(type)).length;
}
