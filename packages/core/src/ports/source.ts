import type { Bytes } from "./bytes.ts";
import type { Context } from "./context.ts";
import type { Finding } from "./finding.ts";
import type { Identity } from "./identity.ts";

/** Reads the current value of a secret by its name in Secrets Manager. Throws {@link SecretUnusable}. The value never reaches logs or errors. */
export type Secrets = (name: string) => Promise<string>;
/** When the current value of a secret was written. Reads no value. Throws {@link SecretUnusable}. */
export type SecretWritten = (name: string) => Promise<Date>;

/** What a kind's adapter gets from its runner besides its configuration. Nothing in it comes from the process environment. */
export type Surroundings = {
  secrets: Secrets;
  identity: Identity;
  /** The AWS region that the plan is deployed to. */
  region: string;
  /** `acme-prod`, project and stage: tells what this deployment made from what another one in the same account did. */
  project: string;
  /** Folder of each layer that {@link Kind.needs} named: `/opt/{layer}` in Lambda. */
  layer(name: string): string;
  /** A private folder with room for `needsDisk` bytes, emptied by the runner afterwards. */
  scratch: string;
};

/**
 * The scheduled moment that a backup is for, and this try at it. `attempt` is random. `begun`: when an earlier try answered `pending` first;
 * whoever finds nothing of it a good while later answers `lost`.
 */
export type Slot = { source: string; at: Date; attempt: string; begun?: Date | undefined };

/**
 * One artifact as it is made. `name` has no suffix (`shop.dump`); the store adds `.zst` and `.age`.
 * The end of `bytes` is not success: whoever stores it commits only after `done` resolves (exit code, trailing checks).
 * When the consumer stops early (returns the iterator) the producer kills what it started, and `done` rejects.
 */
export type Produced = { name: string; compress: boolean; bytes: Bytes; done: Promise<void> };

export type Captured<Native> =
  /** It finishes by itself later (a snapshot); capture() for the same slot again finds it. */
  | { state: "pending"; note: string }
  /** It ended for good and left nothing that could be restored: the slot stays without a backup, which is recorded and told once. */
  | { state: "lost"; finding: Finding }
  /** Artifacts come one after the other; the next is produced only after the last was consumed. native() only after the last one. */
  | { state: "ready"; artifacts: AsyncIterable<Produced>; native(): Promise<Native>; findings: readonly Finding[] };

/** Makes backups of one source. */
export interface Capture<Native> {
  /** Names everything that would make the backup incomplete. Severity `refuse` stops it. Never throws for what it can name. */
  preflight(context: Context): Promise<Finding[]>;
  /** Called again for the same slot it must find what it began, not begin again. Frees connections and children when artifacts end, fail or are abandoned. */
  capture(slot: Slot, context: Context): Promise<Captured<Native>>;
  /**
   * Slots of what it began for that source and finds there now, finished or not, whether or not a manifest stands: whoever calls compares with
   * the store and captures again what has none. Only of kinds that answer `pending`.
   */
  begun?(source: string, context: Context): Promise<Date[]>;
}
export type CaptureFactory<Config, Native> = (config: Config, surroundings: Surroundings) => Capture<Native>;

/** A backup as verbs of a kind see it. `artifacts` are names as produced, in order. */
export type Backup<Native> = {
  source: string;
  slot: string;
  manifestSha256: string;
  artifacts: readonly { name: string; plainBytes: number }[];
  native: Native;
};
/** Plaintext of one artifact: decrypted, decompressed; digests are checked at the end, so nothing counts before the last byte. Throws a fault "backup" error. */
export type Open = (artifact: string) => Bytes;
export type Opened<Native> = { backup: Backup<Native>; open: Open };

/** Proves "readable" (or "present" where there is nothing to open). */
export interface Read<Native> {
  /**
   * Opens every artifact once and reads it to its end (what it leaves unread, the caller reads). Finds a malformed inside as a `refuse`
   * finding or by throwing an error of fault "backup"; errors of fault "world" are retried by the caller.
   * Doubts compare with `previous`, the newest verified backup before this one, and sizes with `recent`: the last few of those, newest first, `previous`
   * among them, back to the one that a person accepted as it is. See {@link middleOf}.
   */
  read(
    opened: Opened<Native>,
    previous: Opened<Native> | undefined,
    context: Context,
    recent?: readonly Backup<Native>[],
  ): Promise<Finding[]>;
}
export type ReadFactory<Native> = (surroundings: Surroundings) => Read<Native>;
