import { type Finding, middleOf } from "@holdfast/core";
import type { Native } from "./native.ts";

/** Below this share of the backup before, or of the middle one of the last few, something was probably lost: revoked tokens and expired leases take a third, a lost mount takes more. */
const SHARE = 0.5;
/** Above this multiple something floods it, or it is another cluster's data. */
const MULTIPLE = 10;
/** Fewer than these say nothing when they halve: an empty cluster has about ten entries of data and 15 KiB of state. */
const FEW = { entries: 30, bytes: 2 ** 20 };
/** Up to these a cluster may grow overnight: somebody moved in. */
const MANY = { entries: 10_000, bytes: 2 ** 24 };

/**
 * What looks wrong beside the newest verified backup before it, and in size beside the last few, `recent`. A doubt stops releases until a person
 * accepts it, so an emptied or exchanged cluster never ages out the good ones. Numbers only: findings end up in evidence, which is not encrypted.
 */
export function doubts(now: Native, before: Native, recent: readonly Native[] = []): Finding[] {
  return [
    ...wentBack(now, before),
    ...sized("entries", now, before, recent),
    ...sized("bytes", now, before, recent),
    ...resealed(now.seal, before.seal),
  ];
}

/** Within one cluster the raft index only grows. Between two clusters it says nothing. */
function wentBack(now: Native, before: Native): Finding[] {
  if (now.clusterId !== before.clusterId) return [ANOTHER];
  if (now.raft.index >= before.raft.index) return [];
  return [
    {
      name: "raft-index-went-back",
      severity: "doubt",
      message: `the raft index is ${now.raft.index}, where the backup before has ${before.raft.index}: the cluster was set back, or a node that lags was asked`,
      hint: "If somebody restored the cluster, all is well, and `holdfast accept` clears the doubt. If nobody did, keep the backup before.",
    },
  ];
}

const ANOTHER: Finding = {
  name: "another-cluster",
  severity: "doubt",
  message: "the nodes belong to another cluster than at the backup before",
  hint: "If the cluster was built anew on purpose, `holdfast accept` clears the doubt. Else look at what answers under the plan's addresses.",
};

const sizes = {
  entries: { of: ({ entries }: Native) => entries.data, words: "entries of secrets engines and auth methods" },
  bytes: { of: ({ archive }: Native) => archive.stateBytes, words: "bytes of state" },
};

/** The jump since the backup before is told first; what only the last few together show is a slow one. */
function sized(what: keyof typeof sizes, now: Native, before: Native, recent: readonly Native[]): Finding[] {
  const { of, words } = sizes[what];
  const [later, earlier, middle] = [of(now), of(before), middleOf(recent.map(of))];
  const jumped = outside(what, earlier, later);
  if (jumped) return [otherSize(jumped, `it has ${later} ${words}, where the backup before has ${earlier}`)];
  const drifted = middle === undefined ? undefined : outside(what, middle, later);
  return drifted
    ? [otherSize(drifted, `it has ${later} ${words}, where the last ${recent.length} backups have ${middle} in the middle`)]
    : [];
}

function outside(what: keyof typeof sizes, earlier: number, later: number): string | undefined {
  if (earlier >= FEW[what] && later < earlier * SHARE) return `fewer-${what}`;
  return later >= MANY[what] && later > earlier * MULTIPLE ? `many-more-${what}` : undefined;
}

const otherSize = (name: string, message: string): Finding => ({
  name,
  severity: "doubt",
  message,
  hint: "Look at the cluster's mounts and leases. If all is well, `holdfast accept` clears the doubt.",
});

/** Told at the first backup under the new seal, because whoever restores needs other things from then on. */
function resealed(now: Native["seal"], before: Native["seal"]): Finding[] {
  if (now.type !== before.type) return [note("seal-changed", `the seal was ${sealWords(before)} and is ${sealWords(now)}`, now)];
  if (now.key !== before.key && now.key !== undefined && before.key !== undefined)
    return [note("seal-key-changed", `the key of the ${now.type} seal is another one than at the backup before`, now)];
  if (now.shares !== before.shares || now.threshold !== before.threshold)
    return [note("shares-changed", `it was ${sharesWords(before)} and is ${sharesWords(now)}`, now)];
  return [];
}

function note(name: string, message: string, now: Native["seal"]): Finding {
  return {
    name,
    severity: "note",
    message,
    hint: `${needed(now)} Backups from before still need what they needed; keep that until the last of them has expired.`,
  };
}

function needed({ type, key, threshold }: Native["seal"]): string {
  if (type === "shamir") return `To restore this one, ${threshold} of the present unseal keys are needed.`;
  return `To restore this one, the target needs a seal of type ${type} with ${key === undefined ? "the present key" : `the key ${key}`}.`;
}

const sealWords = (seal: Native["seal"]) => (seal.type === "shamir" ? sharesWords(seal) : `${seal.type}, which opens by itself`);
const sharesWords = ({ type, shares, threshold }: Native["seal"]) =>
  `${threshold} of ${shares} ${type === "shamir" ? "unseal" : "recovery"} keys`;
