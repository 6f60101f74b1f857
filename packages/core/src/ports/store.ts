import type { Bytes } from "./bytes.ts";
import type { Context } from "./context.ts";

/** One version of one object. `version`: S3 version id, GCS generation, Azure version or etag. */
export type Ref = { key: string; version: string };
/** Names of digests as stores report them; values are lower-case hexadecimal, whatever the wire uses. */
export type Sum = "sha256" | "crc32" | "crc32c" | "crc64nvme" | "md5";
/**
 * What `retain` writes on an object. `release`: lifecycle rules may expire it once it is that old. `tier`: it belongs to a long tier and may
 * move to an archive class. `garbage`: left by a dead attempt. A mark replaces the one before it.
 */
export type Mark = { release?: `${number}d`; tier?: string; garbage?: true };
export type Stored = Ref & {
  bytes: number;
  /** When the store says it was written. */
  at: Date;
  mark?: Mark;
  access: "now" | "archived" | "thawing";
  /** Digests of the whole object that the store itself computed or checked; what a writer merely says of it is none. */
  sums: Partial<Record<Sum, string>>;
  /** Present where a lock holds this version. */
  lockedUntil?: Date;
};
/** Bytes `from` up to but without `to`. */
export type Range = { from: number; to: number };

/** Reads. Every method throws {@link StoreUnavailable} (fault "world") or {@link StoreDenied} when the store does not answer or refuses. */
export interface StoreRead {
  /** Undefined when there is no such object (a delete marker is none). With a version: that one. Fills mark and sums where the role may see them. */
  head(at: Ref | { key: string }): Promise<Stored | undefined>;
  /** Throws {@link ObjectMissing}, {@link ObjectArchived}; a body shorter than promised throws {@link ShortRead}; it never just ends. */
  read(at: Ref | { key: string }, range?: Range, signal?: AbortSignal): Bytes;
}
export interface StoreList {
  /** Current versions whose key starts with `prefix`, by key in UTF-8 byte order. `mark` and `sums` are not filled. */
  list(prefix: string): AsyncIterable<Stored>;
}
export interface StoreCreate {
  /**
   * Stores one stream under a key that does not exist yet, with bounded memory, and nothing when the stream fails.
   * Throws {@link ObjectExists} on a taken key (nothing was changed), the stream's own error when it fails, the signal's reason when it fires;
   * in each of those cases the upload that it began is aborted. An ambiguous answer is settled by head: the same bytes mean success,
   * else {@link OutcomeUnknown}. `size` (bytes, when known) chooses the part size; without it streams up to 600 GiB fit.
   */
  create(key: string, body: Bytes, context: Context, size?: number): Promise<Stored>;
}
export type Upload = { key: string; token: string; part: number; bytes: number };
/** `checked`: of a listing that tells no sums: no part stands there whose bytes the store did not compare with a digest that came along. */
export type Part = { n: number; bytes: number; etag: string; sums: Partial<Record<Sum, string>>; checked?: true };
export type Limits = { minPart: number; maxPart: number; maxParts: number; maxObject: number; equalParts: boolean; sum: Sum };
/** Resumable and shared by workers. parts() is the only truth; the same part twice is last-wins with the same bytes. */
export interface StoreRanges {
  readonly limits: Limits;
  /** Chooses one equal part size for `bytes` within the limits; throws {@link ObjectTooLarge}. */
  begin(key: string, bytes: number): Promise<Upload>;
  parts(upload: Upload): AsyncIterable<Part>;
  /** `n` counts from 1. Throws {@link UploadGone} when the upload was aborted or committed. */
  put(upload: Upload, n: number, body: Bytes, context: Context): Promise<Part>;
  /** Create-only, like create(). A commit whose upload is gone asks head(key) before it fails. */
  commit(upload: Upload, parts: readonly Part[]): Promise<Stored>;
  /** Twice is harmless. */
  abort(upload: Upload): Promise<void>;
}
export interface StoreMark {
  /** The mark that stands on it, undefined for none. Needs no right to read the bytes. Throws {@link ObjectMissing}. */
  marked(at: Ref): Promise<Mark | undefined>;
  /** Throws {@link ObjectMissing}. Never touches the bytes. */
  mark(at: Ref, mark: Mark): Promise<void>;
  /** Lengthens a lock; a date before the present lock throws {@link LockShortened}. Absent where the store has no locks. */
  lockUntil?(at: Ref, until: Date): Promise<void>;
}
/** Absent where the store's own rules delete by marks: then nobody else may. */
export interface StorePrune {
  /**
   * That version and no other; what is gone already is no error. Where a version is an ETag and the store deletes by key alone, it is looked at right
   * before. Throws {@link ObjectLocked} where a lock holds it, as far as the store tells that from {@link StoreDenied}.
   */
  delete(at: Ref): Promise<void>;
}
export interface StoreThaw {
  /** Asks an archived object back for `days`; twice is harmless. */
  thaw(at: Ref, days: number): Promise<"ready" | "thawing">;
}
/** What a factory of a store kind hands out; a role's wiring takes from it only the ports that its verb needs. */
export type Store = {
  read: StoreRead;
  list: StoreList;
  create: StoreCreate;
  ranges: StoreRanges;
  mark: StoreMark;
  prune?: StorePrune;
  thaw?: StoreThaw;
};
