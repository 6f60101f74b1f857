import { HoldfastError } from "@holdfast/core";

// ── Reaching a cluster ───────────────────────────────────────────────────────────────────────────────────────────────────────
export class NodesUnreachable extends HoldfastError {
  override readonly name = "NodesUnreachable";
  override readonly fault = "world";
  constructor(nodes: readonly string[], options?: ErrorOptions) {
    super(
      `none of the nodes answers: ${nodes.join(", ")}`,
      "Check that they run, that addresses and ports are right, and that the function's subnets and security groups let it through.",
      options,
    );
  }
}
export class NodeNotTrusted extends HoldfastError {
  override readonly name = "NodeNotTrusted";
  override readonly fault = "input";
  constructor(node: string, why: string, options?: ErrorOptions) {
    super(
      `the node ${node} did not prove its identity: ${why}`,
      "Give the PEM of the authority that signed its certificate as ca in the plan, and name the node as its certificate does.",
      options,
    );
  }
}
export class NoActiveNode extends HoldfastError {
  override readonly name = "NoActiveNode";
  override readonly fault = "world";
  constructor(states: readonly string[], options?: ErrorOptions) {
    super(
      `no node is active: ${states.join(", ")}`,
      "A cluster without a leader elects one within seconds; if it stays so, look at its log. Behind a load balancer, its health check must pass on 200 only.",
      options,
    );
  }
}
/** Without its id a snapshot could be told neither from another cluster's nor from the one before, and no restore of it could be told from what stood there. */
export class ClusterUnknown extends HoldfastError {
  override readonly name = "ClusterUnknown";
  override readonly fault = "world";
  constructor(node: string) {
    super(
      `${node} does not say which cluster it is`,
      "It has not come up whole yet; trying again usually helps. If it stays so, look at the node's log.",
    );
  }
}
export class VaultSealed extends HoldfastError {
  override readonly name = "VaultSealed";
  override readonly fault = "world";
  readonly node: string;
  constructor(node: string, options?: ErrorOptions) {
    super(`the node ${node} is sealed`, "Unseal it at the Vault itself; nothing can be read from or written to it before.", options);
    this.node = node;
  }
}
export class NotInitialised extends HoldfastError {
  override readonly name = "NotInitialised";
  override readonly fault = "input";
  constructor(node: string) {
    super(`the node ${node} is not initialised`, "Initialise and unseal it first; a restore then replaces its keys by the backup's.");
  }
}
/** What follows would belong to one of them, and nobody could say to which. */
export class NodesOfTwoClusters extends HoldfastError {
  override readonly name = "NodesOfTwoClusters";
  override readonly fault = "input";
  constructor(nodes: readonly string[]) {
    super(
      `the nodes belong to different clusters: ${nodes.join(", ")}`,
      "Each cluster is a source of its own: name its nodes alone, or correct the address that is wrong.",
    );
  }
}
/** A redirect leads where no token may go. */
export class RedirectRefused extends HoldfastError {
  override readonly name = "RedirectRefused";
  override readonly fault = "input";
  constructor(from: string, to: string, why: string) {
    super(
      `${from} redirects to ${to}, ${why}`,
      "No token was sent there. List every node of the cluster under nodes, each by the address that it calls its own (api_addr).",
    );
  }
}
export class ConnectionBroken extends HoldfastError {
  override readonly name = "ConnectionBroken";
  override readonly fault = "world";
  constructor(node: string, doing: string, options?: ErrorOptions) {
    super(
      `the connection to ${node} broke while ${doing}`,
      "Trying again usually helps; the node's log says why. Where it always breaks after the same time, raise that limit: the listener's http_write_timeout, or a proxy's.",
      options,
    );
  }
}

/** The node that was active hands its callers on to another one. */
export class LeaderMoved extends HoldfastError {
  override readonly name = "LeaderMoved";
  override readonly fault = "world";
  constructor(node: string, to: string) {
    super(
      `${node} is not the active node any more and points to ${to}`,
      "Nothing was sent there. The cluster chose another leader meanwhile; trying again finds it.",
    );
  }
}

// ── Logging in and asking ────────────────────────────────────────────────────────────────────────────────────────────────────
export class LoginRefused extends HoldfastError {
  override readonly name = "LoginRefused";
  override readonly fault = "input";
  /** `hint`: what to look at, which depends on the method and on what the server said. */
  constructor(node: string, how: string, said: string, hint: string) {
    super(`${node} refuses the login by ${how}: ${said || "it said nothing"}`, hint);
  }
}
export class TokenRefused extends HoldfastError {
  override readonly name = "TokenRefused";
  override readonly fault = "input";
  constructor(node: string, options?: ErrorOptions) {
    super(
      `${node} does not take the token any more`,
      "It expired or was revoked between login and use. Give the role a token_ttl over 20 minutes, longer than the function may run.",
      options,
    );
  }
}
export class PolicyTooNarrow extends HoldfastError {
  override readonly name = "PolicyTooNarrow";
  override readonly fault = "input";
  readonly path: string;
  constructor(path: string, capability: string, options?: ErrorOptions) {
    super(
      `the login's policy does not allow "${capability}" on ${path}`,
      `Add to its policy: path "${path}" { capabilities = ["${capability}"] }`,
      options,
    );
    this.path = path;
  }
}
export class NotRaft extends HoldfastError {
  override readonly name = "NotRaft";
  override readonly fault = "input";
  constructor(node: string, storage: string | undefined) {
    super(
      `${node} does not keep its data in integrated (raft) storage${storage === undefined ? "" : ` but in ${storage}`}`,
      "Only raft has snapshots. Where the storage is a PostgreSQL database, back that up as a source of kind postgres.",
    );
  }
}
export class NamespaceRefused extends HoldfastError {
  override readonly name = "NamespaceRefused";
  override readonly fault = "input";
  constructor(node: string) {
    super(
      `${node} has snapshots in its root namespace only`,
      "The login's token belongs to a namespace. Put the auth method and its policy into the root namespace.",
    );
  }
}
/** The server refused a request for a reason that no other class names. */
export class VaultRefused extends HoldfastError {
  override readonly name = "VaultRefused";
  override readonly fault = "world";
  readonly status: number;
  constructor(node: string, doing: string, status: number, said: string, options?: ErrorOptions) {
    super(`${node} refused while ${doing}: ${said || "it said nothing"} (HTTP ${status})`, "The node's log says more.", options);
    this.status = status;
  }
}
export class MarkerUnreadable extends HoldfastError {
  override readonly name = "MarkerUnreadable";
  override readonly fault = "input";
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`the marker ${path} cannot be read: ${why}`, "Name a path of a secrets engine, and let the login's policy read it.", options);
  }
}
/** The login may read there, and finds nothing. */
export class MarkerMissing extends HoldfastError {
  override readonly name = "MarkerMissing";
  override readonly fault = "input";
  constructor(path: string) {
    super(`nothing stands at the marker ${path}`, "Write something there, or name another path as marker in the plan.");
  }
}

// ── Taking a snapshot ────────────────────────────────────────────────────────────────────────────────────────────────────────
export class SnapshotSlow extends HoldfastError {
  override readonly name = "SnapshotSlow";
  override readonly fault = "world";
  constructor(node: string, seconds: number) {
    super(
      `${node} sent no first byte of the snapshot within ${seconds} seconds`,
      "A node reads its whole database before it sends. Look at its disk, and at timeouts of a proxy or load balancer in between.",
    );
  }
}
export class SnapshotStalled extends HoldfastError {
  override readonly name = "SnapshotStalled";
  override readonly fault = "world";
  constructor(node: string, bytes: number, seconds: number) {
    super(`${node} stopped sending after ${bytes} bytes for ${seconds} seconds`, "No backup was made. Trying again usually helps.");
  }
}
export class SnapshotStale extends HoldfastError {
  override readonly name = "SnapshotStale";
  override readonly fault = "world";
  constructor(node: string, index: number, committed: number) {
    super(
      `${node} sent a snapshot of raft index ${index}, and the cluster had committed ${committed} before it was asked for`,
      "It came from a node that lags behind. No backup was made; if it stays so, look at that node's log.",
    );
  }
}

// ── The archive ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class SnapshotEmpty extends HoldfastError {
  override readonly name = "SnapshotEmpty";
  override readonly fault = "backup";
  constructor() {
    super(
      "the snapshot is empty",
      "A redirect or a proxy may have swallowed it. Check that the node answered itself; nothing of it was kept.",
    );
  }
}
export class SnapshotCut extends HoldfastError {
  override readonly name = "SnapshotCut";
  override readonly fault = "backup";
  constructor(where: string, bytes: number, options?: ErrorOptions) {
    super(
      `the snapshot ends after ${bytes} bytes, in ${where}`,
      "Servers report no error for a snapshot that breaks off, not even when they cannot reach their seal (a KMS key that is disabled or denied). It cannot be restored; look at the node's seal and log, and take another.",
      options,
    );
  }
}
/** SHA256SUMS.sealed is missing or empty: the server could not use its seal when it wrote the snapshot. */
export class SnapshotUnsealed extends HoldfastError {
  override readonly name = "SnapshotUnsealed";
  override readonly fault = "backup";
  constructor(how: string, options?: ErrorOptions) {
    super(
      `the snapshot's sealed sums are ${how}`,
      "The server could not reach its seal (a KMS key that is disabled or denied, an HSM that is down). Mend that first: without it nothing of this cluster can be unsealed.",
      options,
    );
  }
}
export class SnapshotBroken extends HoldfastError {
  override readonly name = "SnapshotBroken";
  override readonly fault = "backup";
  constructor(how: string, options?: ErrorOptions) {
    super(`the snapshot is broken: ${how}`, "It cannot be restored whole. Use another one, and look for what damaged it.", options);
  }
}
/** Would unpack to far more than any snapshot does. */
export class SnapshotBomb extends HoldfastError {
  override readonly name = "SnapshotBomb";
  override readonly fault = "backup";
  constructor(how: string) {
    super(`the snapshot is no snapshot: ${how}`, "It was not read further. Find out who sent it.");
  }
}
/** Entries that every initialised cluster has are not there. */
export class SnapshotHollow extends HoldfastError {
  override readonly name = "SnapshotHollow";
  override readonly fault = "backup";
  constructor(missing: readonly string[]) {
    super(
      `the snapshot lacks ${missing.join(" and ")}`,
      "No cluster comes up from it. Check that the node is an initialised member of the cluster you mean.",
    );
  }
}

/** Whoever read the snapshot stopped before its end, so nothing is proven. */
export class ProofAbandoned extends HoldfastError {
  override readonly name = "ProofAbandoned";
  override readonly fault = "world";
  constructor() {
    super("the snapshot was not read to its end", "What stopped its reader says why. Nothing of it counts.");
  }
}

// ── Restoring ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class KeysDiffer extends HoldfastError {
  override readonly name = "KeysDiffer";
  override readonly fault = "input";
  /** `seal`: of the backup. */
  constructor(node: string, seal: string, options?: ErrorOptions) {
    super(
      `${node} refuses the snapshot, because it is sealed with other keys than the target has`,
      seal === "shamir"
        ? 'Nothing was changed. Say "force": true in the input to replace the target\'s keys too; it then has to be unsealed with the original ones.'
        : `Nothing was changed. Give the target the very ${seal} key that the source is sealed with; by force it would take the snapshot and stay sealed.`,
      options,
    );
  }
}
export class UploadCut extends HoldfastError {
  override readonly name = "UploadCut";
  override readonly fault = "world";
  constructor(node: string, seconds: number, options?: ErrorOptions) {
    super(
      `${node} cut the upload after ${seconds} seconds`,
      "The listener's http_read_timeout covers the whole upload and is 30 s by default. Raise it on the target and restore again.",
      options,
    );
  }
}
export class SealedAfterRestore extends HoldfastError {
  override readonly name = "SealedAfterRestore";
  override readonly fault = "input";
  constructor(node: string, seal: string) {
    super(
      `${node} took the snapshot and cannot open it by itself: its ${seal} seal does not decrypt the backup's keys`,
      "The target must reach the very key that the source is sealed with. The target holds the backup's data now and stays sealed until it does.",
    );
  }
}
export class UnsealAwaited extends HoldfastError {
  override readonly name = "UnsealAwaited";
  override readonly fault = "input";
  constructor(node: string, hours: number, threshold: number) {
    super(
      `nobody unsealed ${node} within ${hours} hours`,
      `The data are there: unseal it with ${threshold} of the original keys whenever you have them. To have it compared, restore again into a fresh target.`,
    );
  }
}
/** The server said that it took the snapshot and still holds what it held before. */
export class RestoreNotApplied extends HoldfastError {
  override readonly name = "RestoreNotApplied";
  override readonly fault = "world";
  constructor(node: string) {
    super(
      `${node} took the snapshot and still is the cluster that it was`,
      "The node's log says why it did not apply it. Try again with a fresh target.",
    );
  }
}
/** Somebody else's restore, or an operator, was at the target meanwhile. */
export class TargetChanged extends HoldfastError {
  override readonly name = "TargetChanged";
  override readonly fault = "input";
  constructor(node: string, how: string) {
    super(
      `${node} is not what it was when the restore was planned: ${how}`,
      "Find out who else is at it, and start the restore again when nobody is.",
    );
  }
}
/** The snapshot that a proof took of the restored cluster is no whole one. */
export class TargetProofBroken extends HoldfastError {
  override readonly name = "TargetProofBroken";
  override readonly fault = "world";
  constructor(node: string, cause: HoldfastError) {
    super(
      `${node} was restored and could not be compared, since a new snapshot of it is not whole: ${cause.message}`,
      "It says nothing about the backup. The restored cluster runs; look at its node's log, and compare by restoring again into a fresh target.",
      { cause },
    );
  }
}
