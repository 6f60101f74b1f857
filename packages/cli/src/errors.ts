import { HoldfastError } from "@holdfast/core";

/** The command line itself is wrong. The only error that ends with exit code 2. */
export class UsageWrong extends HoldfastError {
  override readonly name = "UsageWrong";
  override readonly fault = "input";
}
/** The plan's file is not there or cannot be loaded. */
export class PlanUnreadable extends HoldfastError {
  override readonly name = "PlanUnreadable";
  override readonly fault = "input";
}
/** `--local`, and nothing runs on this machine. */
export class LocalNotRunning extends HoldfastError {
  override readonly name = "LocalNotRunning";
  override readonly fault = "world";
  constructor(message: string, options?: ErrorOptions) {
    super(message, "Start it with `npm run local`, or keep the demo's with `npm run demo -- --keep`.", options);
  }
}
/** `--local` would have left this machine. */
export class LocalRefused extends HoldfastError {
  override readonly name = "LocalRefused";
  override readonly fault = "input";
}
/** No credentials, or none that AWS takes. */
export class NotLoggedIn extends HoldfastError {
  override readonly name = "NotLoggedIn";
  override readonly fault = "input";
}
/** AWS knows who asks, and does not let them. */
export class AwsDenied extends HoldfastError {
  override readonly name = "AwsDenied";
  override readonly fault = "world";
}
/** AWS does not answer, or not now. */
export class AwsUnavailable extends HoldfastError {
  override readonly name = "AwsUnavailable";
  override readonly fault = "world";
}
/** What the plan would have deployed is not there. */
export class NotDeployed extends HoldfastError {
  override readonly name = "NotDeployed";
  override readonly fault = "input";
}
/** A function or an execution ended badly. `remote` is the name of the error that it reported. */
export class RunFailed extends HoldfastError {
  override readonly name = "RunFailed";
  override readonly fault = "world";
  readonly remote: string;
  constructor(remote: string, message: string, hint: string) {
    super(message, hint);
    this.remote = remote;
  }
}
/** The wait was longer than the person allowed; what was waited for may still come. */
export class StillWaiting extends HoldfastError {
  override readonly name = "StillWaiting";
  override readonly fault = "world";
}
/** A file would be overwritten. */
export class FileExists extends HoldfastError {
  override readonly name = "FileExists";
  override readonly fault = "input";
  constructor(file: string, hint: string) {
    super(`${file} exists already`, hint);
  }
}
/** A file or folder of this machine cannot be read or written. */
export class FileUnusable extends HoldfastError {
  override readonly name = "FileUnusable";
  override readonly fault = "input";
}
/** Nobody said by what login a store is read, and AWS, where the plan keeps it, does not tell. */
export class StoreLoginMissing extends HoldfastError {
  override readonly name = "StoreLoginMissing";
  override readonly fault = "input";
  constructor(store: string, by: string, hint: string, cause: HoldfastError | undefined) {
    super(`the store ${store} is opened by ${by}, and that failed${cause ? `: ${cause.message}` : ""}`, hint, { cause });
  }
}
/** What would open a backup cannot be asked for. */
export class KeyMissing extends HoldfastError {
  override readonly name = "KeyMissing";
  override readonly fault = "input";
}
/** A signature is of a key that nobody trusts. One that lies beside the backup is no witness. */
export class KeyUntrusted extends HoldfastError {
  override readonly name = "KeyUntrusted";
  override readonly fault = "input";
}
/** The work asks AWS itself, or something else that is not on this machine. */
export class NotHere extends HoldfastError {
  override readonly name = "NotHere";
  override readonly fault = "input";
}
/** Programs that a kind needs are not on this machine. */
export class LayersMissing extends HoldfastError {
  override readonly name = "LayersMissing";
  override readonly fault = "input";
}
/** A restore failed or was interrupted, and what it had made could not be removed. */
export class NotUndone extends HoldfastError {
  override readonly name = "NotUndone";
  override readonly fault = "world";
}
/** A backup without a doubt has nothing to accept. */
export class NothingToAccept extends HoldfastError {
  override readonly name = "NothingToAccept";
  override readonly fault = "input";
}
/** Backups that are files age by lifecycle rules; there is nothing else to delete. */
export class NothingToPrune extends HoldfastError {
  override readonly name = "NothingToPrune";
  override readonly fault = "input";
  constructor(source: string, kind: string, pruned: readonly string[]) {
    super(
      `nothing is ever pruned of ${source}: backups of kind ${kind} are files in the store, and lifecycle rules delete those`,
      pruned.length > 0 ? `Sources that are pruned: ${[...pruned].sort().join(", ")}.` : "The plan has no source that is pruned.",
    );
  }
}
/** The person was asked and said no. */
export class Declined extends HoldfastError {
  override readonly name = "Declined";
  override readonly fault = "input";
  constructor() {
    super("nothing was done", "Answer y to go on, or say --yes.");
  }
}
/** Ctrl-C, or a polite request to end. `code` is the shell's convention: 128 and the signal's number. */
export class Interrupted extends HoldfastError {
  override readonly name = "Interrupted";
  override readonly fault = "input";
  readonly code: number;
  constructor(signal: "SIGINT" | "SIGTERM" | "SIGHUP") {
    super("interrupted", "What was being written was removed.");
    this.code = 128 + signalNumbers[signal];
  }
}
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
