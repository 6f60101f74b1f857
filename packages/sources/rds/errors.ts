import { HoldfastError } from "@holdfast/core";

// ── Asking RDS ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class RdsUnreachable extends HoldfastError {
  override readonly name = "RdsUnreachable";
  override readonly fault = "world";
  constructor(doing: string, options?: ErrorOptions) {
    super(
      `the RDS API did not answer while ${doing}`,
      "Trying again usually helps. A function in a VPC needs a NAT gateway or the interface endpoints rds and kms.",
      options,
    );
  }
}
export class RdsThrottled extends HoldfastError {
  override readonly name = "RdsThrottled";
  override readonly fault = "world";
  constructor(doing: string, options?: ErrorOptions) {
    super(
      `RDS throttles this account and did so again while ${doing}`,
      "Its rate is shared by everybody in the account and region: find who asks so often, or have AWS Support raise it. It is tried again.",
      options,
    );
  }
}
export class RdsDenied extends HoldfastError {
  override readonly name = "RdsDenied";
  override readonly fault = "input";
  constructor(doing: string, said: string, options?: ErrorOptions) {
    super(`AWS does not allow this role ${doing}: ${said}`, "Deploy again; if it stays so, a service control policy denies it.", options);
  }
}
/** RDS refused a request for a reason that no other class names. */
export class RdsRefused extends HoldfastError {
  override readonly name = "RdsRefused";
  override readonly fault = "input";
  readonly code: string;
  constructor(doing: string, code: string, said: string, options?: ErrorOptions) {
    super(`RDS refused while ${doing}: ${said} (${code})`, "Nothing was made. Change what it names, in the plan or at RDS.", options);
    this.code = code;
  }
}
/** A database or snapshot is not in a state that allows what was asked. */
export class RdsBusy extends HoldfastError {
  override readonly name = "RdsBusy";
  override readonly fault = "world";
  constructor(doing: string, said: string, options?: ErrorOptions) {
    super(
      `RDS cannot do it now, while ${doing}: ${said}`,
      "It is tried again; look at its state in the RDS console if it stays so.",
      options,
    );
  }
}
export class RdsNotFound extends HoldfastError {
  override readonly name = "RdsNotFound";
  override readonly fault = "input";
  readonly code: string;
  constructor(doing: string, code: string, said: string, options?: ErrorOptions) {
    super(`RDS does not have it, while ${doing}: ${said}`, "Somebody deleted or renamed it. Correct the plan, or make it again.", options);
    this.code = code;
  }
}
export class RdsNameTaken extends HoldfastError {
  override readonly name = "RdsNameTaken";
  override readonly fault = "input";
  constructor(doing: string, said: string, options?: ErrorOptions) {
    super(`the name is taken, while ${doing}: ${said}`, "Nothing that stood there was changed. Choose another name.", options);
  }
}
/** A snapshot that was to be deleted is not, or no longer, one of this deployment's for that source and slot. */
export class SnapshotNotOurs extends HoldfastError {
  override readonly name = "SnapshotNotOurs";
  override readonly fault = "input";
  constructor(id: string, why: string) {
    super(
      `the snapshot ${id} was not deleted: it ${why}`,
      "Somebody made another of its name, or changed its tags; CloudTrail knows who. Delete it by hand if nobody needs it.",
    );
  }
}
/** The manual snapshots' quota of the account and region (100 by default). */
export class SnapshotQuotaFull extends HoldfastError {
  override readonly name = "SnapshotQuotaFull";
  override readonly fault = "input";
  constructor(said: string, options?: ErrorOptions) {
    super(
      `there is no room for another manual snapshot: ${said}`,
      "Keep fewer snapshots in the plan, delete those that nobody needs, or have the quota raised (L-272F1212 instances, L-9B510759 clusters).",
      options,
    );
  }
}
/** The concurrent copies' quota: RDS gives it the same code. */
export class CopiesInLine extends HoldfastError {
  override readonly name = "CopiesInLine";
  override readonly fault = "world";
  constructor(said: string, options?: ErrorOptions) {
    super(`too many snapshots are being copied now: ${said}`, "It waits in line and is tried again; nothing was lost.", options);
  }
}
export class RestoreQuotaFull extends HoldfastError {
  override readonly name = "RestoreQuotaFull";
  override readonly fault = "input";
  constructor(said: string, options?: ErrorOptions) {
    super(
      `there is no room for another database: ${said}`,
      "Delete what earlier restores left, or have the quota of DB instances or clusters raised (40 by default).",
      options,
    );
  }
}
export class KeyNotUsable extends HoldfastError {
  override readonly name = "KeyNotUsable";
  override readonly fault = "input";
  constructor(doing: string, said: string, options?: ErrorOptions) {
    super(
      `a KMS key cannot be used while ${doing}: ${said}`,
      "Enable the key or cancel its deletion, and let its policy allow this account's IAM (kms:CreateGrant, kms:DescribeKey).",
      options,
    );
  }
}

// ── Snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class RdsDatabaseMissing extends HoldfastError {
  override readonly name = "RdsDatabaseMissing";
  override readonly fault = "input";
  constructor(what: string) {
    super(`there is no ${what}`, "It was deleted or renamed. Correct the plan, or take the source out of it; the backups that stand stay.");
  }
}
export class InstanceOfCluster extends HoldfastError {
  override readonly name = "InstanceOfCluster";
  override readonly fault = "input";
  constructor(instance: string, cluster: string) {
    super(
      `the instance ${instance} is part of the cluster ${cluster}, and only the cluster has snapshots`,
      `Make it a source of kind aurora with cluster: "${cluster}".`,
    );
  }
}
/** The database is in no state for a snapshot, and there is no automated one to copy instead. */
export class NothingToCopy extends HoldfastError {
  override readonly name = "NothingToCopy";
  override readonly fault = "world";
  constructor(what: string, status: string, why: string) {
    super(
      `${what} is ${status}, so no snapshot can be taken, and ${why}`,
      "Bring it back to the state available; what happened to it stands in its events in the RDS console.",
    );
  }
}
/** Every name that a slot's snapshot could have belongs to somebody else's. */
export class SnapshotNamesTaken extends HoldfastError {
  override readonly name = "SnapshotNamesTaken";
  override readonly fault = "input";
  constructor(id: string) {
    super(
      `snapshots called ${id} and so on exist already and are not of this source and slot`,
      "Two sources or two deployments back up the same database at the same moments. Keep one of them.",
    );
  }
}
/** The tags of a snapshot are not what a capture wrote. */
export class SnapshotTagsUnusable extends HoldfastError {
  override readonly name = "SnapshotTagsUnusable";
  override readonly fault = "input";
  constructor(id: string, options?: ErrorOptions) {
    super(
      `the tags of the snapshot ${id} do not tell the settings of its database`,
      "Somebody changed them, and the database is gone or another one. The snapshot itself can be restored by hand.",
      options,
    );
  }
}

// ── Restoring ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class TargetTaken extends HoldfastError {
  override readonly name = "TargetTaken";
  override readonly fault = "input";
  constructor(what: string) {
    super(`${what} exists and was not made by this restore`, "Nothing was changed. Restore under another name.");
  }
}
export class RestoreFailed extends HoldfastError {
  override readonly name = "RestoreFailed";
  override readonly fault = "world";
  constructor(what: string, status: string) {
    super(
      `${what} came up as ${status}`,
      "Its events in the RDS console say why. A group, class or network that does not fit can be replaced by the target in the plan.",
    );
  }
}
export class RestoreSlow extends HoldfastError {
  override readonly name = "RestoreSlow";
  override readonly fault = "world";
  constructor(what: string, waiting: string, hours: number) {
    super(
      `${what} is not ready ${hours} hours after it was asked for: ${waiting}`,
      "Give the target more hours in the plan, or a larger class; the events in the RDS console say what it waits for.",
    );
  }
}
/** What came up would mislead whoever uses it: open to others than its original, under another key, with other parameters. Says nothing of the backup. */
export class RestoredOtherwise extends HoldfastError {
  override readonly name = "RestoredOtherwise";
  override readonly fault = "input";
  constructor(what: string, differences: readonly string[]) {
    super(
      `${what} came up otherwise than it was recorded: ${differences.join(", ")}`,
      'It is removed, and the backup is as good as it was. Let the target in the plan say what it should have, or restore with "force": true, which keeps it as it came up.',
    );
  }
}
