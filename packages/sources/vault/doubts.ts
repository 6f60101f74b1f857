import type { Finding } from "@holdfast/core";
import type { Native } from "./native.ts";

/** Below this share of the backup before, something was probably lost: revoked tokens and expired leases take a third, a lost mount takes more. */
const SHARE = 0.5;
/** Above this multiple something floods it, or it is another cluster's data. */
const MULTIPLE = 10;
/** Fewer than these say nothing when they halve: an empty cluster has about ten entries of data and 15 KiB of state. */
const FEW = { entries: 30, bytes: 2 ** 20 };
/** Up to these a cluster may grow overnight: somebody moved in. */
const MANY = { entries: 10_000, bytes: 2 ** 24 };

/**
 * What looks wrong beside the newest verified backup before it. A doubt stops releases until a drill or a person clears it, so an emptied or
 * exchanged cluster never ages out the good ones. Numbers only: findings end up in evidence, which is not encrypted.
 */
export function doubts(now: Native, before: Native): Finding[] {
  return [
    ...wentBack(now, before),
    ...sized("entries", before.entries.data, now.entries.data),
    ...sized("bytes", before.archive.stateBytes, now.archive.stateBytes),
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
      hint: "If somebody restored the cluster, all is well, and a drill or a recorded acceptance clears the doubt. If nobody did, keep the backup before.",
    },
  ];
}

const ANOTHER: Finding = {
  name: "another-cluster",
  severity: "doubt",
  message: "the nodes belong to another cluster than at the backup before",
  hint: "If the cluster was built anew on purpose, a drill or a recorded acceptance clears the doubt. Else look at what answers under the plan's addresses.",
};

function sized(what: "entries" | "bytes", earlier: number, later: number): Finding[] {
  if (earlier >= FEW[what] && later < earlier * SHARE) return [otherSize(`fewer-${what}`, what, earlier, later)];
  if (later >= MANY[what] && later > earlier * MULTIPLE) return [otherSize(`many-more-${what}`, what, earlier, later)];
  return [];
}

function otherSize(name: string, what: "entries" | "bytes", earlier: number, later: number): Finding {
  const where = what === "entries" ? "entries of secrets engines and auth methods" : "bytes of state";
  return {
    name,
    severity: "doubt",
    message: `it has ${later} ${where}, where the backup before has ${earlier}`,
    hint: "Look at the cluster's mounts and leases. If all is well, a drill or a recorded acceptance clears the doubt.",
  };
}

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
