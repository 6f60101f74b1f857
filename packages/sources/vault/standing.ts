import type { HoldfastError } from "@holdfast/core";
import { RestoreNotApplied, SealedAfterRestore, TargetChanged, UnsealAwaited, VaultSealed } from "./errors.ts";
import type { Marks } from "./marks.ts";
import type { Native } from "./native.ts";
import { keysOf, openingOf, SHAMIR, toolOf } from "./planrestore.ts";

/** What a look at the target found, without any login. `since`: when its active node became active. */
export type Seen =
  | { state: "open"; node: string; clusterId: string; since: string | undefined }
  | { state: "sealed"; node: string; seal: string; threshold: number }
  | { state: "away"; node: string; error: HoldfastError };

export type Case = {
  native: Native;
  /** Of the target, by the plan. */
  nodes: readonly string[];
  force: boolean | undefined;
  marks: Marks;
  /** Of the execution. */
  started: Date;
  /** When the look began: what was seen is at least as new. */
  at: Date;
};

/** What is to be done next. */
export type Standing = { next: "upload" } | { next: "loaded" } | { next: "wait"; seconds: number; note: string; ask?: string | undefined };

/** For a person with keys in a safe, over a weekend's half. */
export const PERSON_HOURS = 48;
/** A seal that can open does so within seconds of the load; it retries every few seconds where its key is out of reach. */
const SEAL_MINUTES = 5;
/** A node does not answer while it loads: state.bin of some GiB takes minutes on a slow disk. */
const LOADING_MINUTES = 60;
/** A node begins to load within a second of its answer. */
const APPLIED_SECONDS = 60;

/**
 * Where a restore stands, from what the target shows and what earlier calls noted. Pure. Throws {@link TargetChanged}, {@link RestoreNotApplied},
 * {@link SealedAfterRestore}, {@link UnsealAwaited}, and what kept the target from answering.
 */
export function judge(seen: Seen, of: Case): Standing {
  if (seen.state === "open") return judgeOpen(seen, of);
  return seen.state === "sealed" ? judgeSealed(seen, of) : judgeAway(seen, of);
}

function judgeOpen({ node, clusterId, since }: Extract<Seen, { state: "open" }>, of: Case): Standing {
  const { marks, native } = of;
  if (clusterId === native.clusterId && marks.replaced !== native.clusterId) return { next: "loaded" };
  if (clusterId !== marks.replaced && clusterId !== native.clusterId)
    throw new TargetChanged(node, `its cluster id was ${marks.replaced} and is ${clusterId}`);
  if (marks.taken === undefined) return { next: "upload" };
  // In its own cluster or an earlier copy of it the id tells nothing.
  if (clusterId === native.clusterId && (since === undefined || since !== marks.activeBefore)) return { next: "loaded" };
  if (secondsOf(marks.taken, of.at) > APPLIED_SECONDS) throw new RestoreNotApplied(node);
  return wait(of, "the target took the snapshot and begins to load it");
}

function judgeSealed({ node, seal, threshold }: Extract<Seen, { state: "sealed" }>, of: Case): Standing {
  const opening = openingOf(of.native, seal, of.force);
  if (opening === "itself" && seal !== SHAMIR) {
    if (of.marks.taken === undefined && secondsOf(begun(of), of.at) > SEAL_MINUTES * 60) throw new VaultSealed(node);
    if (secondsOf(begun(of), of.at) > SEAL_MINUTES * 60) throw new SealedAfterRestore(node, seal);
    return wait(of, `the target is sealed and should open by itself with its ${seal} seal`);
  }
  if (secondsOf(begun(of), of.at) > PERSON_HOURS * 3600) throw new UnsealAwaited(node, PERSON_HOURS, of.native.seal.threshold);
  const ask = opening === "migration" ? askToMigrate(node, seal, of) : askToUnseal(node, threshold, of);
  return { ...wait(of, `the target is sealed until somebody unseals it with ${keysOf(of.native)}`), ask };
}

function judgeAway({ error }: Extract<Seen, { state: "away" }>, of: Case): Standing {
  const patience = of.native.seal.type === SHAMIR || of.force ? PERSON_HOURS * 60 : LOADING_MINUTES;
  if (of.marks.taken === undefined && of.marks.foundSealed === undefined) throw error;
  if (secondsOf(begun(of), of.at) > patience * 60) throw error;
  return wait(of, "the target does not answer, as nodes do while they load or restart");
}

const begun = ({ marks, started }: Case) => marks.taken ?? marks.foundSealed ?? started;
const secondsOf = (from: Date, to: Date) => (to.getTime() - from.getTime()) / 1000;

function wait(of: Case, note: string): { next: "wait"; seconds: number; note: string } {
  return { next: "wait", seconds: pauseAfter(secondsOf(begun(of), of.at)), note };
}

/**
 * How long to wait when so many seconds have gone by. Whoever is at it sees it go on at once, and 48 hours stay far below the 25,000 events of a
 * Step Functions history: about 1,500 rounds of at most 11 events. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const pauseAfter = (seconds: number): number => Math.round(Math.min(120, Math.max(15, seconds / 20)));

// ── What a person is asked for. The same text for the same state: each is told once ──────────────────────────────────────────

/** Of a cluster of several, each is sealed by itself. */
function alsoAt(node: string, nodes: readonly string[]): string {
  const others = nodes.filter((it) => it !== node);
  return others.length === 0 ? "" : `Then do the same at ${others.join(" and at ")}. `;
}
const NEVER = "Type keys there and nowhere else: neither Holdfast nor this execution may ever see one.";

function askToUnseal(node: string, threshold: number, { native, marks, nodes }: Case): string {
  const { seal } = native;
  const unseal = `${toolOf(native.product)} operator unseal -address=${node}`;
  const own = marks.taken ? "" : "It may also have been sealed before anything was restored; if it does not take them, use its own. ";
  const stuck = `It asks for ${threshold} keys, as it did before the restore, and forgets that when it is restarted: restart it first. `;
  return `unseal ${node} at the Vault itself with ${keysOf(native)}: \`${unseal}\`, once a key. ${threshold === seal.threshold ? "" : stuck}${alsoAt(node, nodes)}${own}${NEVER}`;
}

function askToMigrate(node: string, seal: string, { native, nodes }: Case): string {
  const from = native.seal.type;
  const old = `marked disabled = "true"`;
  const single = seal === SHAMIR ? `the ${from} seal ${old}` : `the ${seal} seal`;
  const stanzas = seal === SHAMIR || from === SHAMIR ? single : `both seals, the ${from} one ${old},`;
  const unseal = `${toolOf(native.product)} operator unseal -migrate -address=${node}`;
  return `restart ${node} with ${stanzas} in its configuration, then unseal it at the Vault itself with ${keysOf(native)}: \`${unseal}\`, once a key. ${alsoAt(node, nodes)}${NEVER}`;
}
