import type { HoldfastError } from "@holdfast/core";
import { z } from "zod";
import type { Client } from "./client.ts";
import {
  LeaderMoved,
  NamespaceRefused,
  NoActiveNode,
  NotRaft,
  PolicyTooNarrow,
  TokenRefused,
  VaultRefused,
  VaultSealed,
} from "./errors.ts";
import type { Answer } from "./http.ts";

const errors = z.looseObject({ errors: z.array(z.string()) });
const LONGEST = 300;

/** What a server said, as one short line without the secrets that it may have repeated. */
export function wordsOf(json: unknown, secrets: readonly string[] = []): string {
  const list = errors.safeParse(json);
  const text = list.success ? list.data.errors.join("; ") : typeof json === "string" ? json : "";
  const clean = secrets.filter((secret) => secret !== "").reduce((all, secret) => all.replaceAll(secret, "…"), text);
  return clean.replaceAll(/\s+/g, " ").trim().slice(0, LONGEST);
}

/** Where a redirect leads, without the path. */
export function originOf(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? new URL(location).origin : "another node";
}

/** What a refusal means that does not depend on who asks: {@link VaultSealed}, {@link NoActiveNode}, {@link NotRaft}, {@link NamespaceRefused}, {@link VaultRefused}. */
export function refusal(node: string, doing: string, { status, json }: Answer, secrets: readonly string[] = []): HoldfastError {
  const said = wordsOf(json, secrets);
  if (status >= 300 && status < 400) return new LeaderMoved(node, "another node");
  if (/raft storage is not in use/.test(said)) return new NotRaft(node, undefined);
  if (/unavailable in namespaces/.test(said)) return new NamespaceRefused(node);
  if (status === 503 && /sealed/i.test(said)) return new VaultSealed(node);
  if (/no active Vault instance|active cluster node not found|node is not the leader/i.test(said))
    return new NoActiveNode([`${node} says "${said}"`]);
  return new VaultRefused(node, doing, status, said);
}

const capabilities = z.looseObject({ data: z.record(z.string(), z.unknown()) });

/** Asks what the token may do on a path. Undefined: the token itself is refused. */
export async function capabilitiesOf(client: Client, node: string, token: string, path: string): Promise<string[] | undefined> {
  const answer = await client.ask(node, "POST", "sys/capabilities-self", { token, body: { paths: [path] } });
  if (answer.status === 403) return undefined;
  const told = capabilities.safeParse(answer.json);
  if (answer.status !== 200 || !told.success) throw refusal(node, "it was asked for the token's rights", answer, [token]);
  return z.array(z.string()).catch([]).parse(told.data.data[path]);
}

export const isAllowed = (capabilities: readonly string[], wanted: string): boolean =>
  capabilities.includes(wanted) || capabilities.includes("root");

/** The error that a refused request stands for. Vault says "permission denied" to a dead token and to a narrow policy alike, so it is asked which. */
export async function explain(
  client: Client,
  node: string,
  { path, token, capability }: { path: string; token: string; capability: string },
  answer: Answer,
): Promise<HoldfastError> {
  if (answer.status !== 403) return refusal(node, `it was asked for ${path}`, answer, [token]);
  const allowed = await capabilitiesOf(client, node, token, path);
  if (allowed === undefined) return new TokenRefused(node);
  if (isAllowed(allowed, capability)) return new VaultRefused(node, `it was asked for ${path}`, 403, wordsOf(answer.json, [token]));
  return new PolicyTooNarrow(path, capability);
}
