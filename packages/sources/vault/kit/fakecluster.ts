import { createHash, randomBytes, randomUUID } from "node:crypto";

/** Paths and what is allowed on them, as in a policy; a path may end in `*`. Root's is `{ "*": ["root"] }`. */
export type Policy = Readonly<Record<string, readonly string[]>>;
export type Token = { policy: Policy; type: "batch" | "service"; namespace?: string };
export type SecretId = { uses?: number; until?: Date; from?: "10.0.0.0/8" };
export type Role = { policy: Policy; type: Token["type"]; secretIds: Map<string, SecretId> };

export type FakeSeal = {
  type: "shamir" | "static" | "awskms";
  /** Of the unseal keys, or of the recovery keys where the seal opens by itself. */
  t: number;
  n: number;
  /** What opens it: the shares, or the one key that every cluster with this seal shares. */
  keys: readonly string[];
};

/** All that a snapshot holds. */
export type Image = {
  clusterId: string;
  clusterName: string;
  seal: FakeSeal;
  /** By path as the API has it, `secret/data/marker`: what GET answers as data. */
  kv: Map<string, unknown>;
  /** By role id. */
  roles: Map<string, Role>;
  tokens: Map<string, Token>;
  mounts: string[];
};

/** One cluster as its nodes share it. Tests change it as they like. */
export type Cluster = {
  product: "vault" | "openbao";
  version: string;
  storage: "raft" | "file";
  initialised: boolean;
  sealed: boolean;
  /** Shares given since it was sealed. */
  progress: Set<string>;
  index: number;
  term: number;
  image: Image;
  /** When its active node became so. */
  active: Date;
  /** Which node is active; undefined while there is no leader. */
  leader: number | undefined;
  root: string;
  /** What `restore` does with an upload whose sums hold; see {@link Restoring}. */
  restoring: Restoring;
};

/**
 * real: applies it, seals where the keys differ · ignores: 204 and nothing else (F22) · seals: 204, and nothing opens it again (an auto-unseal key that is
 * not its own) · slow: applies it only when the test calls {@link FakeVault.apply}.
 */
export type Restoring = "real" | "ignores" | "seals" | "slow";

/** Tokens look as those of each product do. */
export const aToken = (product: Cluster["product"], type: Token["type"]): string => {
  const random = randomBytes(type === "batch" ? 96 : 18).toString("base64url");
  const short = type === "batch" ? "b" : "s";
  return product === "vault" ? `hv${short}.${random}` : `${short}.${random}`;
};

export function aSeal(some: Partial<FakeSeal> = {}): FakeSeal {
  const n = some.n ?? 3;
  return { type: "shamir", t: 2, n, keys: Array.from({ length: n }, () => randomBytes(33).toString("hex")), ...some };
}

/** Initialised and unsealed, with nothing in it. */
export function aCluster(some: Partial<Cluster> = {}, seal = aSeal()): Cluster {
  const product = some.product ?? "vault";
  const root = aToken(product, "service");
  const tokens = new Map<string, Token>([[root, { policy: { "*": ["root"] }, type: "service" }]]);
  const clusterId = randomUUID();
  return {
    product,
    version: product === "vault" ? "1.21.2" : "2.7.2",
    storage: "raft",
    initialised: true,
    sealed: false,
    progress: new Set(),
    index: 100,
    term: 3,
    image: {
      clusterId,
      clusterName: `vault-cluster-${clusterId.slice(0, 8)}`,
      seal,
      kv: new Map(),
      roles: new Map(),
      tokens,
      mounts: ["cubbyhole/", "identity/", "sys/"],
    },
    active: new Date("2026-11-01T00:00:00.123Z"),
    leader: 0,
    root,
    restoring: "real",
    ...some,
  };
}

/** Images of all snapshots that fakes of this process sent, by the SHA-256 of their bytes: what one fake sent another one can take. */
const taken = new Map<string, Image>();
const idOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

export function remember(bytes: Buffer, image: Image): Buffer {
  taken.set(idOf(bytes), structuredClone(image));
  return bytes;
}
/** Undefined: nothing that a fake sent, so broken as far as a fake can tell. */
export const recall = (bytes: Buffer): Image | undefined => structuredClone(taken.get(idOf(bytes)));

export function write(cluster: Cluster, path: string, data: unknown): void {
  cluster.image.kv.set(path, data);
  cluster.index++;
}

/** An AppRole with one secret id, as an operator makes it. */
export function addRole(cluster: Cluster, policy: Policy, type: Token["type"] = "batch", secretId: SecretId = {}) {
  const made = { role_id: randomUUID(), secret_id: randomUUID() };
  cluster.image.roles.set(made.role_id, { policy, type, secretIds: new Map([[made.secret_id, secretId]]) });
  cluster.index++;
  return made;
}

/** What a token may do on a path; undefined for a token that is not known. */
export function capabilities(cluster: Cluster, token: string | undefined, path: string): readonly string[] | undefined {
  const known = token === undefined ? undefined : cluster.image.tokens.get(token);
  if (!known || known.namespace !== undefined) return undefined;
  const fits = Object.entries(known.policy).find(([at]) => (at.endsWith("*") ? path.startsWith(at.slice(0, -1)) : at === path));
  return fits?.[1] ?? ["deny"];
}

/** What the server does after its 204. */
export function apply(cluster: Cluster, image: Image): void {
  const same = sameKeys(cluster.image.seal, image.seal);
  cluster.image = image;
  // Raft puts the snapshot above everything that the target ever wrote.
  cluster.index += 2;
  cluster.active = new Date(cluster.active.getTime() + 60_000);
  cluster.sealed = !same;
  cluster.progress.clear();
}
export const sameKeys = (a: FakeSeal, b: FakeSeal): boolean => a.type === b.type && a.keys.join() === b.keys.join();

/** Shares are counted, and of which cluster they are is known only when there are enough. */
export function unseal(cluster: Cluster, key: string): "wrong" | undefined {
  cluster.progress.add(key);
  if (cluster.progress.size < cluster.image.seal.t) return undefined;
  const right = [...cluster.progress].every((share) => cluster.image.seal.keys.includes(share));
  cluster.progress.clear();
  if (!right) return "wrong";
  cluster.sealed = false;
  return undefined;
}
