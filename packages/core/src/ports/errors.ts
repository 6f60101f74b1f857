import { HoldfastError } from "../errors.ts";

// ── Running ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The runner's time is nearly up; what was begun is being cleaned up. */
export class DeadlineNear extends HoldfastError {
  override readonly name = "DeadlineNear";
  override readonly fault = "world";
  constructor(doing: string) {
    super(
      `ran out of time while ${doing}`,
      "Nothing was left behind. Give the function more memory, or move this source to a runner without a time limit.",
    );
  }
}
/** Recorded sizes say that the work would not fit this runner. */
export class TooLargeForLambda extends HoldfastError {
  override readonly name = "TooLargeForLambda";
  override readonly fault = "input";
}
/** The execution that asked for this was stopped. */
export class ExecutionStopped extends HoldfastError {
  override readonly name = "ExecutionStopped";
  override readonly fault = "input";
  constructor(id: string) {
    super(`execution ${id} was stopped while it worked`, "What it had made was removed. Start the restore again when you are ready.");
  }
}
/** A secret does not exist, cannot be read or has the wrong form. Never quotes the value. */
export class SecretUnusable extends HoldfastError {
  override readonly name = "SecretUnusable";
  override readonly fault = "input";
}
/** AWS did not say who the runner is: not allowed, not enabled, or out of reach. */
export class IdentityRefused extends HoldfastError {
  override readonly name = "IdentityRefused";
  override readonly fault = "world";
}

// ── Stores ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class StoreUnavailable extends HoldfastError {
  override readonly name = "StoreUnavailable";
  override readonly fault = "world";
}
export class StoreDenied extends HoldfastError {
  override readonly name = "StoreDenied";
  override readonly fault = "world";
}
export class ObjectExists extends HoldfastError {
  override readonly name = "ObjectExists";
  override readonly fault = "input";
  readonly key: string;
  constructor(key: string, options?: ErrorOptions) {
    super(`${key} exists already`, "Nothing was changed. Objects are written once; another attempt was first.", options);
    this.key = key;
  }
}
export class ObjectMissing extends HoldfastError {
  override readonly name = "ObjectMissing";
  override readonly fault = "backup";
  readonly key: string;
  constructor(key: string, options?: ErrorOptions) {
    super(`${key} does not exist`, "It was never written or has expired. List the backups of the source for those that stand.", options);
    this.key = key;
  }
}
export class ObjectArchived extends HoldfastError {
  override readonly name = "ObjectArchived";
  override readonly fault = "world";
  readonly key: string;
  constructor(key: string, options?: ErrorOptions) {
    super(`${key} is in an archive class`, "Thaw it first: a restore does that by itself and waits some hours.", options);
    this.key = key;
  }
}
export class ObjectTooLarge extends HoldfastError {
  override readonly name = "ObjectTooLarge";
  override readonly fault = "input";
}
export class ShortRead extends HoldfastError {
  override readonly name = "ShortRead";
  override readonly fault = "world";
  readonly key: string;
  readonly expected: number;
  readonly got: number;
  constructor(key: string, expected: number, got: number, options?: ErrorOptions) {
    super(`${key}: the store sent ${got} of ${expected} bytes`, "Nothing of it was used. Trying again usually helps.", options);
    this.key = key;
    this.expected = expected;
    this.got = got;
  }
}
export class UploadGone extends HoldfastError {
  override readonly name = "UploadGone";
  override readonly fault = "world";
}
export class LockShortened extends HoldfastError {
  override readonly name = "LockShortened";
  override readonly fault = "input";
}
/** A lock holds the version; nothing was deleted. */
export class ObjectLocked extends HoldfastError {
  override readonly name = "ObjectLocked";
  override readonly fault = "input";
  readonly key: string;
  /** When the lock ends, where the store tells. */
  readonly until: Date | undefined;
  constructor(key: string, until: Date | undefined, options?: ErrorOptions) {
    super(
      `${key} is locked${until === undefined ? "" : ` until ${until.toISOString()}`}`,
      "Nothing was deleted. It can be once the lock has ended.",
      options,
    );
    this.key = key;
    this.until = until;
  }
}
export class OutcomeUnknown extends HoldfastError {
  override readonly name = "OutcomeUnknown";
  override readonly fault = "world";
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export class NotDecryptable extends HoldfastError {
  override readonly name = "NotDecryptable";
  override readonly fault = "backup";
}
export class NotDecompressible extends HoldfastError {
  override readonly name = "NotDecompressible";
  override readonly fault = "backup";
}
export class DigestMismatch extends HoldfastError {
  override readonly name = "DigestMismatch";
  override readonly fault = "backup";
}
/** No identity at hand opens the file, or KMS refused to: says nothing about the backup. */
export class KeyUnavailable extends HoldfastError {
  override readonly name = "KeyUnavailable";
  override readonly fault = "world";
}
