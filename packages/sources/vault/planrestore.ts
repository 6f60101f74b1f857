import type { Backup, Finding, RestorePlan, Want } from "@holdfast/core";
import type { Target } from "./config.ts";
import { type Native, SNAPSHOT, sealKeyOf } from "./native.ts";
import type { Facts } from "./survey.ts";

export const CLUSTER = "cluster";
/** The id of the cluster that stood at the target before: it tells whether the upload was applied. Not among what stays. */
export const REPLACED = "replaced cluster";

export type Input = {
  backup: Backup<Native>;
  want: Want;
  facts: Facts;
  target: Pick<Target, "nodes" | "drill">;
  /** The plan says that people approve what is done there. */
  guarded: boolean;
};

/** Decides what a restore would replace, or why there can be none. Pure. */
export function planRestore(input: Input): RestorePlan | { refused: Finding } {
  const refused = checks.map((check) => check(input)).find((it) => it !== undefined);
  if (refused) return { refused };
  const { target, facts } = input;
  return {
    creates: [
      { what: CLUSTER, id: target.nodes[0] ?? "" },
      { what: REPLACED, id: facts.clusterId, passing: true },
    ],
    steps: stepsOf(input),
    needsDisk: 0,
  };
}

/** How a restored cluster opens: by itself, because its seal or its memory has the key; by a person; by a person after the seal was migrated. */
export type Opening = "itself" | "person" | "migration";
export function openingOf({ seal }: Pick<Native, "seal">, targetSeal: string, force: boolean | undefined): Opening {
  if (seal.type !== targetSeal) return "migration";
  return seal.type === SHAMIR && force ? "person" : "itself";
}
export const SHAMIR = "shamir";
/** Of its tool, for commands that people type. */
export const toolOf = (product: Native["product"]) => (product === "openbao" ? "bao" : "vault");
/** Which keys count after the restore. */
export function keysOf({ seal }: Pick<Native, "seal">): string {
  const many =
    seal.threshold === seal.shares ? (seal.shares === 1 ? "the one" : `all ${seal.shares}`) : `${seal.threshold} of the ${seal.shares}`;
  return `${many} ${seal.type === SHAMIR ? "unseal" : "recovery"} ${seal.shares === 1 ? "key" : "keys"} of the original cluster`;
}

// ── Refusals, the gravest first ──────────────────────────────────────────────────────────────────────────────────────────────

type Check = (input: Input) => Finding | undefined;

const checks: readonly Check[] = [
  refuseOwnCluster,
  refuseParts,
  refuseDrill,
  refuseProduct,
  refuseOlder,
  refuseTwin,
  refuseUsed,
  refuseSeveral,
  refuseOtherSeal,
];

function refuseOwnCluster({ backup: { native }, facts, target, guarded }: Input): Finding | undefined {
  if (guarded && !target.drill) return undefined;
  const own = facts.servers.filter((server) => native.raft.servers.includes(server));
  if (own.length === 0) return target.drill && facts.clusterId === native.clusterId ? refuseUnmarked(facts) : undefined;
  return refusal(
    "own-cluster",
    `the target is the cluster that the backup is of: they share ${own.length} of ${facts.servers.length} servers`,
    target.drill
      ? "A drill must never touch it. Give the drill target nodes of its own."
      : "All that was written since would be lost. Restore into a fresh cluster, or mark the target as protected in the plan, so that a person approves it.",
  );
}

/** What a drill left has the source's cluster id, and so has the source itself on servers that it has moved to since the backup. */
function refuseUnmarked({ forDrills }: Facts): Finding | undefined {
  if (forDrills) return undefined;
  return refusal(
    "own-cluster",
    "the target has the cluster id of the backup, and its servers' raft node ids do not say that it is there for drills",
    "If it is the source under other addresses, give the drill target nodes of its own. If it is what a drill left, stop it, empty its data and start it with a node_id that begins with drill: only by that the next drill tells it from the source.",
  );
}

function refuseParts({ want }: Input): Finding | undefined {
  if (want.database === undefined && want.as === undefined) return undefined;
  return refusal(
    "no-parts",
    "a Vault is restored whole, and the input names a database",
    'Leave "database" and "which" out: everything that the target holds is replaced.',
  );
}

function refuseDrill({ backup, want, facts, target }: Input): Finding | undefined {
  if (!target.drill) return undefined;
  if (want.force)
    return refusal(
      "drill-never-forces",
      "a drill does not force a snapshot",
      'Leave "force" out: the target must share the source\'s seal.',
    );
  const { type } = backup.native.seal;
  if (type !== SHAMIR && type === facts.seal.type) return undefined;
  return refusal(
    "drill-needs-same-seal",
    `nobody unseals a drill, the backup is sealed by ${type} and the target by ${facts.seal.type}`,
    type === SHAMIR
      ? "Clusters with unseal keys cannot be drilled. Restore into a target that is no drill, and have it unsealed by hand."
      : `Give the drill target the source's seal stanza (${type}) with the same key.`,
  );
}

function refuseProduct({ backup, want, facts }: Input): Finding | undefined {
  const [was, is] = [editionOf(backup.native), editionOf(facts)];
  if (was === is || want.force) return undefined;
  return refusal(
    "product-differs",
    `the backup is of ${was} and the target is ${is}`,
    'Their data have grown apart. Choose a target of the same product, or say "force": true if you know that these versions fit.',
  );
}

const NAMES = { vault: "Vault", openbao: "OpenBao" };
const editionOf = ({ product, version }: Pick<Native, "product" | "version">) =>
  `${NAMES[product]}${/\+ent/.test(version) ? " Enterprise" : ""}`;

function refuseOlder({ backup: { native }, facts }: Input): Finding | undefined {
  if (native.product !== facts.product || !isOlder(facts.version, native.version)) return undefined;
  return refusal(
    "target-older",
    `the backup is of version ${native.version} and the target runs ${facts.version}`,
    "An older server does not understand a newer one's data. Give the target the same version or a later one.",
  );
}

/** `1.21.2+ent` is `1.21.2`. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(than)];
  const at = left.findIndex((number, i) => number !== right[i]);
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}
const numbersOf = (version: string) => (/^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1) ?? [0, 0, 0]).map(Number);

function refuseTwin({ backup, facts, target, guarded }: Input): Finding | undefined {
  if (backup.native.clusterId !== facts.clusterId || target.drill || guarded) return undefined;
  return refusal(
    "restored-before",
    "the target has the cluster id of the backup: it is a copy from an earlier restore, or the cluster itself on other servers",
    `Somebody may be using it. ${freshHint(backup.native, facts)}`,
  );
}

function refuseUsed({ backup, facts, target, guarded }: Input): Finding | undefined {
  // What an earlier drill left is the source's own cluster; anything else at a drill target is somebody's.
  const leftover = target.drill && facts.forDrills && facts.clusterId === backup.native.clusterId;
  if (facts.engines === 0 || leftover || (guarded && !target.drill)) return undefined;
  return refusal(
    "target-in-use",
    `the target has ${facts.engines} secrets ${facts.engines === 1 ? "engine" : "engines"}, and a restore replaces everything`,
    freshHint(backup.native, facts),
  );
}

function freshHint({ seal }: Native, { product, seal: own }: Facts): string {
  const auto = own.type !== SHAMIR;
  const kind = auto ? "recovery" : "key";
  const init = `${toolOf(product)} operator init -${kind}-shares=${seal.shares} -${kind}-threshold=${seal.threshold}`;
  const open = auto ? "" : `, ${toolOf(product)} operator unseal`;
  return `Restore into a fresh cluster (an empty node, then: ${init}${open}), or mark the target as protected in the plan, so that a person approves it.`;
}

function refuseSeveral({ facts, guarded }: Input): Finding | undefined {
  if (facts.servers.length <= 1 || guarded) return undefined;
  return refusal(
    "target-has-several-nodes",
    `the target has ${facts.servers.length} servers, and followers of a restored leader fail in several known ways`,
    "Restore into one node, unseal it, and then let the others join with empty disks.",
  );
}

function refuseOtherSeal({ backup, want, facts }: Input): Finding | undefined {
  const { type } = backup.native.seal;
  if (type === facts.seal.type || want.force) return undefined;
  return refusal(
    "seal-differs",
    `the backup is sealed by ${type} and the target by ${facts.seal.type}`,
    `Give the target the seal ${type}. Or say "force": true: it then stays sealed until somebody migrates the seal at the Vault itself, with both seals at hand.`,
  );
}

const refusal = (name: string, message: string, hint: string): Finding => ({ name, severity: "refuse", message, hint });

// ── What will be done, for people ────────────────────────────────────────────────────────────────────────────────────────────

function stepsOf({ backup, want, facts, target }: Input): string[] {
  const bytes = backup.artifacts.find((it) => it.name === SNAPSHOT)?.plainBytes ?? 0;
  const others = facts.servers.length - 1;
  return [
    `read the backup's ${bytes} bytes once to their end, before anything is touched`,
    `upload them to ${target.nodes[0]}${want.force ? " by snapshot-force" : ""}, which replaces everything in the cluster ${facts.clusterId}: secrets, policies, logins, tokens and keys; nothing brings that back`,
    `be quick enough for the target's http_read_timeout, which is 30 s unless its listener says more`,
    ...(others > 0 ? [`have the ${others} other servers of the target take all of it over from that node`] : []),
    openingStep(backup.native, facts, want),
    "log in as the reader, who lives inside the backup, and compare the marker and every entry of secrets engines and auth methods",
    `go back to ${backup.slot} with tokens, secret ids and leases: what was issued later is gone, what was revoked later is valid again`,
  ];
}

function openingStep(native: Native, facts: Facts, { force }: Want): string {
  const opening = openingOf(native, facts.seal.type, force);
  if (opening === "migration")
    return `wait until somebody restarts it with both seals in its configuration and unseals it at the Vault itself, migrating from ${native.seal.type} to ${facts.seal.type}, with ${keysOf(native)}`;
  if (opening === "person") return `wait until somebody unseals it at the Vault itself with ${keysOf(native)}`;
  if (native.seal.type === SHAMIR)
    return "expect it to stay open: without force it takes the snapshot of a cluster with its own unseal keys alone";
  return `wait until it opens by itself with ${sealKeyOf(native)}`;
}
