import { createCipheriv, createHash, randomUUID } from "node:crypto";
import type { Bytes, Context, Ref, Store } from "@holdfast/core";
import { test } from "vitest";

/** A store under test, with the doors behind its ports that a test needs. */
export type Subject = {
  store: Store;
  /** Bytes of the parts in which create() sends: bodies just around it are tried. */
  part: number;
  /** Keys that a listing asks for at once: one more is listed. */
  page: number;
  /** How many uploads are open for keys with this prefix. */
  uploads(prefix: string): Promise<number>;
  /** Writes over the newest version, as somebody with other tools might. */
  overwrite(key: string, bytes: Uint8Array): Promise<unknown>;
  /** Puts a delete marker on top. */
  remove(key: string): Promise<unknown>;
  /** Stores bytes in an archive class. */
  createArchived(key: string, bytes: Uint8Array): Promise<Ref>;
};
/** Parts of the contract that some store cannot meet. */
export type Ability =
  /** Workers share an upload in parts. */
  | "ranges"
  /** Of uploads of one key that are committed at the same moment, one makes the object. */
  | "one winner in parts"
  /** What was written over or removed can still be read by its version. */
  | "versions"
  /** A version that is not the newest can be marked. */
  | "marks on versions"
  /** list() is in UTF-8 byte order. */
  | "order"
  /** One key may be another with a slash and more. */
  | "keys within keys"
  /** Objects can be archived and thawed. */
  | "archive"
  /** head() tells of a thaw under way. */
  | "thawing shows"
  /** Locks hold versions. */
  | "locks"
  /** What was sent in parts can be locked too. */
  | "locks on parts"
  /** The store keeps a digest of each object, and tells it to whoever asks. */
  | "sums";
/** What the store lacks, each with the reason. Its tests are expected to fail, so that a store that learns it tells. */
export type Lacks = Partial<Record<Ability, string>>;

export const needing = (lacks: Lacks, ability: Ability) => (lacks[ability] === undefined ? test : test.fails);
/** For a test that may pass all the same, by luck. */
export const atRandom = (lacks: Lacks, ability: Ability) => (lacks[ability] === undefined ? test : test.skip);

export const context = (signal: AbortSignal = new AbortController().signal): Context => ({
  now: () => new Date(),
  signal,
  progress: () => {},
});
/** A prefix of its own, so that tests share a bucket. */
export const freshPrefix = (): string => `contract/${randomUUID()}/`;

/** The same bytes for the same seed; they do not compress and no two parts are alike. */
export function bytesOf(length: number, seed = 1): Uint8Array {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}
export const digest = (bytes: Uint8Array): string => `${bytes.length}:${createHash("sha256").update(bytes).digest("hex")}`;

/** `bytes` in chunks of `chunk`. */
export async function* inChunks(bytes: Uint8Array, chunk = 65_521): Bytes {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
}
/** Hands on `upTo` bytes, then fails with `error`. */
export async function* failing(bytes: Uint8Array, upTo: number, error: Error): Bytes {
  yield* inChunks(bytes.subarray(0, upTo));
  throw error;
}
export async function collect(body: Bytes): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
export async function keysOf(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list.list(prefix)) keys.push(key);
  return keys;
}
export const refOf = ({ key, version }: Ref): Ref => ({ key, version });
