import type { IncomingMessage, ServerResponse } from "node:http";
import { aToken, type Cluster, capabilities, unseal } from "./fakecluster.ts";
import { logIn } from "./fakelogins.ts";
import { type Answered, type Asked, type FakeVault, fail, reply } from "./fakeport.ts";
import { giveSnapshot, serverOf, takeSnapshot } from "./fakesnapshot.ts";

/** Answers every request the way the server would, a sealed or fresh one included. */
export async function route(fake: FakeVault, asked: Asked, request: IncomingMessage, response: ServerResponse): Promise<Answered> {
  const { cluster } = fake;
  const open = unauthenticated[asked.path];
  if (open) return open(fake, asked, response);
  if (cluster.sealed || !cluster.initialised) return fail(response, 503, "Vault is sealed");
  if (cluster.leader === undefined) return fail(response, 500, "local node not active but active cluster node not found");
  if (/^auth\/[^/]+\/login$/.test(asked.path)) return logIn(fake, asked, response);
  if (asked.namespace !== undefined && asked.path.startsWith("sys/storage/"))
    return fail(response, 400, "operation unavailable in namespaces");
  if (redirects(fake, asked)) return redirect(fake, asked, response);
  const allowed = capabilities(cluster, asked.token, asked.path);
  if (allowed === undefined) return fail(response, 403, ...badToken(cluster, asked));
  const own = everybodys[`${asked.method} ${asked.path}`];
  if (own) return own(fake, asked, response);
  if (!permits(allowed, asked.method)) return fail(response, 403, "1 error occurred:\n\t* permission denied\n\n");
  if (/^sys\/storage\/raft\/snapshot(-force)?$/.test(asked.path)) {
    if (cluster.storage !== "raft") return fail(response, 400, "raft storage is not in use");
    return asked.method === "GET" ? giveSnapshot(fake, response) : takeSnapshot(fake, asked, request, response);
  }
  return behindPolicy(fake, asked, response);
}

type Route = (fake: FakeVault, asked: Asked, response: ServerResponse) => Answered;

/** The paths that a standby of Vault never serves and never forwards; OpenBao's answers from its own copy. */
const redirects = ({ cluster }: FakeVault, { node, path }: Asked) =>
  cluster.product === "vault" && node !== cluster.leader && path.startsWith("sys/storage/raft/snapshot");

function redirect({ cluster, apiAddresses }: FakeVault, { path }: Asked, response: ServerResponse): Answered {
  response.writeHead(307, { Location: `${apiAddresses[cluster.leader ?? 0]}/v1/${path}` }).end();
  return true;
}

const badToken = ({ product }: Cluster, { path }: Asked) =>
  product === "vault" && !path.includes("snapshot")
    ? ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]
    : ["permission denied"];

const permits = (allowed: readonly string[], method: string) =>
  allowed.includes("root") || allowed.includes(method === "GET" ? "read" : "update") || (method !== "GET" && allowed.includes("create"));

const unauthenticated: Readonly<Record<string, Route>> = {
  "sys/health": ({ cluster }, { node }, response) => {
    const standby = node !== cluster.leader;
    const status = !cluster.initialised ? 501 : cluster.sealed ? 503 : standby ? 429 : 200;
    return reply(response, status, {
      initialized: cluster.initialised,
      sealed: cluster.sealed,
      standby: cluster.sealed || standby,
      performance_standby: false,
      replication_performance_mode: "disabled",
      replication_dr_mode: "disabled",
      server_time_utc: 1_795_263_014,
      version: cluster.version,
      ...(cluster.product === "vault" ? { enterprise: false } : {}),
      ...(cluster.sealed || !cluster.initialised ? {} : { cluster_name: cluster.image.clusterName, cluster_id: cluster.image.clusterId }),
    });
  },
  "sys/leader": ({ cluster, apiAddresses }, { node }, response) => {
    if (cluster.sealed || !cluster.initialised) return fail(response, 503, "Vault is sealed");
    const self = node === cluster.leader;
    return reply(response, 200, {
      ha_enabled: true,
      is_self: self,
      ...(self ? { active_time: cluster.active.toISOString() } : {}),
      leader_address: cluster.leader === undefined ? "" : apiAddresses[cluster.leader],
      leader_cluster_address: "https://127.0.0.1:8201",
      raft_committed_index: cluster.index,
      raft_applied_index: cluster.index,
    });
  },
  "sys/seal-status": ({ cluster }, _asked, response) => reply(response, 200, sealStatus(cluster)),
  "sys/unseal": ({ cluster }, { body }, response) => {
    if (body.reset === true) cluster.progress.clear();
    else if (unseal(cluster, String(body.key))) return fail(response, 400, "Vault is not unsealed: failed to decrypt keyring");
    return reply(response, 200, sealStatus(cluster));
  },
  "sys/init": ({ cluster }, _asked, response) => {
    if (cluster.initialised) return fail(response, 400, "Vault is already initialized");
    cluster.initialised = true;
    cluster.sealed = cluster.image.seal.type === "shamir";
    return reply(response, 200, { keys: cluster.image.seal.keys, keys_base64: cluster.image.seal.keys, root_token: cluster.root });
  },
};

function sealStatus(cluster: Cluster) {
  const { initialised, sealed, image, version, storage, progress } = cluster;
  return {
    type: image.seal.type,
    initialized: initialised,
    sealed: sealed || !initialised,
    t: initialised ? image.seal.t : 0,
    n: initialised ? image.seal.n : 0,
    progress: progress.size,
    nonce: "",
    version,
    migration: false,
    recovery_seal: image.seal.type !== "shamir",
    storage_type: storage,
    ...(sealed || !initialised ? {} : { cluster_name: image.clusterName, cluster_id: image.clusterId }),
  };
}

/** Every token may do these: they are in the policy `default`. */
const everybodys: Readonly<Record<string, Route>> = {
  "POST sys/capabilities-self": ({ cluster }, { token, body }, response) => {
    const paths = Array.isArray(body.paths) ? body.paths.map(String) : [];
    const data = Object.fromEntries(paths.map((path) => [path, capabilities(cluster, token, path)]));
    return reply(response, 200, { ...data, data });
  },
  "POST auth/token/revoke-self": ({ cluster }, { token = "" }, response) => {
    if (cluster.image.tokens.get(token)?.type === "batch") return fail(response, 400, "batch tokens cannot be revoked");
    cluster.image.tokens.delete(token);
    return reply(response, 204);
  },
  "GET auth/token/lookup-self": ({ cluster }, { token = "" }, response) =>
    reply(response, 200, { data: { type: cluster.image.tokens.get(token)?.type, policies: [] } }),
};

function behindPolicy(fake: FakeVault, { method, path }: Asked, response: ServerResponse): Answered {
  const { cluster } = fake;
  if (method === "GET" && path === "sys/mounts")
    return reply(response, 200, {
      data: Object.fromEntries(cluster.image.mounts.map((mount) => [mount, { type: mount === "sys/" ? "system" : mount.slice(0, -1) }])),
    });
  if (method === "GET" && path === "sys/storage/raft/configuration")
    return reply(response, 200, { data: { config: { index: 0, servers: fake.urls.map((url, node) => memberOf(cluster, url, node)) } } });
  const data = cluster.image.kv.get(path);
  if (method === "GET" && data !== undefined) return reply(response, 200, { request_id: aToken("vault", "service"), data });
  return fail(response, 404);
}

function memberOf({ leader }: Cluster, url: string, node: number) {
  const { id, address } = serverOf(url, node);
  return { node_id: id, address, leader: node === leader, voter: true, protocol_version: "3" };
}
