import { createHash, randomBytes } from "node:crypto";
import type { Openbao } from "./openbao.ts";
import { type Call, granted } from "./openbaocall.ts";
import { until } from "./openbaocluster.ts";

/** An AppRole login, of the shape that a source's secret has. */
export type AppRole = { role_id: string; secret_id: string };
/** Path below `secret/`, and the SHA-256 of what stands there. */
export type VaultCensus = ReadonlyMap<string, string>;

/** What a source's `marker` names in the plan. */
export const MARKER = "secret/data/holdfast";
/** All that a backup may do. */
const BACKUP = `path "sys/storage/raft/snapshot" { capabilities = ["read"] }
path "${MARKER}" { capabilities = ["read"] }`;
/** As an application of the people who are backed up. */
const READER = `path "secret/data/*" { capabilities = ["read"] }
path "secret/metadata/*" { capabilities = ["list"] }`;

/** As many as OpenBao puts into one raft entry, so more in flight would only wait. */
const IN_FLIGHT = 64;
/** Secrets in one folder; real ones are grouped by application. */
const FOLDER = 100;

/** Makes a fresh cluster one that can be backed up: kv version 2 at `secret/` with a marker, and the logins of the backup and of a reader of secrets. */
export async function prepareVault({ call, rootToken }: Openbao): Promise<{ backup: AppRole; reader: AppRole }> {
  await granted(call("POST", "sys/mounts/secret", { type: "kv", options: { version: "2" } }, rootToken), "mount kv");
  await granted(call("POST", "sys/auth/approle", { type: "approle" }, rootToken), "enable approle");
  const backup = await admit(call, rootToken, "holdfast-backup", BACKUP);
  const reader = await admit(call, rootToken, "shop", READER);
  // A new kv mount refuses for a moment, while it upgrades itself.
  const marker = { data: { marker: randomBytes(16).toString("hex") } };
  await until("would not take the marker", async () => (await call("POST", MARKER, marker, rootToken)).status === 200 || undefined);
  return { backup, reader };
}

/** Makes a role that may do what `policy` says, with tokens that leave no trace in storage, and its login. */
export async function admit(call: Call, rootToken: string, name: string, policy: string): Promise<AppRole> {
  const ask = <Data>(method: "GET" | "POST", path: string, body?: object) =>
    granted(call<{ data: Data }>(method, path, body, rootToken), `answer ${path}`);
  await ask("POST", `sys/policies/acl/${name}`, { policy });
  const role = `auth/approle/role/${name}`;
  await ask("POST", role, { token_policies: [name], token_type: "batch", token_ttl: "20m" });
  const { data: id } = await ask<{ role_id: string }>("GET", `${role}/role-id`);
  const { data: secret } = await ask<{ secret_id: string }>("POST", `${role}/secret-id`, {});
  return { role_id: id.role_id, secret_id: secret.secret_id };
}

/** Writes `count` secrets that all differ, and tells what must come back. */
export async function fillVault(bao: Openbao, count: number): Promise<VaultCensus> {
  const { call } = await bao.active();
  const paths = Array.from({ length: count }, (_, i) => `app-${Math.floor(i / FOLDER)}/secret-${i}`);
  return await counted(paths, async (path) => {
    const value = { user: path, password: randomBytes(24).toString("base64") };
    await write(call, bao.rootToken, `secret/data/${path}`, value);
    return value;
  });
}

/** Reads every secret that the login can list. */
export async function takeVaultCensus(bao: Openbao, login: AppRole): Promise<VaultCensus> {
  const { call } = await bao.active();
  const { auth } = await granted(call<{ auth: { client_token: string } }>("POST", "auth/approle/login", login), "log in");
  const token = auth.client_token;
  return await counted(await listed(call, token, ""), async (path) => {
    const asked = call<{ data: { data: object } }>("GET", `secret/data/${path}`, undefined, token);
    return (await granted(asked, `tell secret/data/${path}`)).data.data;
  });
}

async function listed(call: Call, token: string, folder: string): Promise<string[]> {
  const asked = call<{ data: { keys: string[] } }>("GET", `secret/metadata/${folder}?list=true`, undefined, token);
  const { keys } = (await granted(asked, `list secret/metadata/${folder}`)).data;
  const found = keys.map((key) => (key.endsWith("/") ? listed(call, token, `${folder}${key}`) : [`${folder}${key}`]));
  return (await Promise.all(found)).flat();
}

async function write(call: Call, token: string, path: string, data: object): Promise<void> {
  await granted(call("POST", path, { data }, token), `write ${path}`);
}

/** The digest of what `value` gives for each path; a number of workers share the paths. */
async function counted(paths: readonly string[], value: (path: string) => Promise<object>): Promise<VaultCensus> {
  const census = new Map<string, string>();
  const queue = paths.values();
  const work = async () => {
    for (const path of queue) census.set(path, digest(await value(path)));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return census;
}

/** The server sorts the names of fields. */
const digest = (value: object): string =>
  createHash("sha256")
    .update(JSON.stringify(value, Object.keys(value).sort()))
    .digest("hex");
