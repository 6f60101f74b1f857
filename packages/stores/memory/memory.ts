import { randomUUID } from "node:crypto";
import {
  type Limits,
  LockShortened,
  ObjectArchived,
  ObjectLocked,
  type Ref,
  type Store,
  type StoreCreate,
  type StoreMark,
  type StorePrune,
  type StoreRead,
  type StoreThaw,
  type Upload,
} from "@holdfast/core";
import { byKey } from "../keyorder.ts";
import { pull } from "../pull.ts";
import { rangeWithin } from "../range.ts";
import { Bucket, Clock, listed, stored, type Version } from "./bucket.ts";
import { memoryRanges, type Uploads } from "./ranges.ts";

export type MemoryOptions = {
  /** Default: the clock of whoever wrote last. */
  now?: () => Date;
  /** Bytes of the chunks that reads hand out. */
  chunk?: number;
  limits?: Partial<Limits>;
};
/** What tests may see and do behind the ports: what an attacker, an operator, a lifecycle rule or the passing of time would do. */
export type Inside = {
  /** Oldest first, delete markers included. */
  versions(key?: string): readonly Version[];
  /** Begun by create() or begin(), and neither committed nor aborted. */
  uploads(): readonly Upload[];
  /** Writes over the newest version, which no port can. */
  overwrite(key: string, bytes: Uint8Array): Ref;
  /** Puts a delete marker on top. */
  remove(key: string): void;
  /** Changes bytes without leaving a trace: bit rot. */
  damage(at: Ref | { key: string }, change: (bytes: Uint8Array) => Uint8Array): void;
  archive(at: Ref | { key: string }): void;
  finishThaw(at: Ref | { key: string }): void;
  /** Runs the lifecycle rules: what is released, that old and not locked, is gone. Returns what went. */
  expire(): Ref[];
};
export type MemoryStore = Store & { prune: StorePrune; thaw: StoreThaw; inside: Inside };

const defaults: Limits = { minPart: 1_048_576, maxPart: 2 ** 32, maxParts: 10_000, maxObject: 2 ** 45, equalParts: true, sum: "crc32" };

/** A store in memory that keeps every promise of the ports, for tests. */
export function memoryStore(options: MemoryOptions = {}): MemoryStore {
  const clock = new Clock(options.now);
  const bucket = new Bucket(clock);
  const uploads: Uploads = new Map();
  return {
    read: reading(bucket, options.chunk ?? 65_536),
    list: {
      async *list(prefix) {
        const found = bucket.keys().flatMap((key) => (key.startsWith(prefix) ? (bucket.find({ key }) ?? []) : []));
        for (const version of found.sort(byKey)) if (bucket.find({ key: version.key }) === version) yield listed(version);
      },
    },
    create: creating(bucket, uploads, clock),
    ranges: memoryRanges(bucket, uploads, clock, { ...defaults, ...options.limits }),
    mark: marking(bucket),
    prune: pruning(bucket, clock),
    thaw: {
      async thaw(at) {
        const found = bucket.get(at);
        if (found.access === "archived") found.access = "thawing";
        return found.access === "now" ? "ready" : "thawing";
      },
    },
    inside: insideOf(bucket, uploads, clock),
  };
}

function reading(bucket: Bucket, chunk: number): StoreRead {
  return {
    async head(at) {
      const found = bucket.find(at);
      return found && stored(found);
    },
    async *read(at, range, signal) {
      signal?.throwIfAborted();
      const { key, bytes, access } = bucket.get(at);
      if (access !== "now") throw new ObjectArchived(key);
      const { from, to } = rangeWithin(key, bytes.length, range);
      for (let start = from; start < to; start += chunk) {
        signal?.throwIfAborted();
        yield new Uint8Array(bytes.subarray(start, Math.min(start + chunk, to)));
      }
    },
  };
}

function creating(bucket: Bucket, uploads: Uploads, clock: Clock): StoreCreate {
  return {
    async create(key, body, context) {
      const token = randomUUID();
      uploads.set(token, { upload: { key, token, part: 0, bytes: 0 }, parts: new Map() });
      try {
        const chunks: Uint8Array[] = [];
        for await (const chunk of pull(body, context.signal)) chunks.push(new Uint8Array(chunk));
        clock.follow(context);
        return stored(bucket.create(key, Buffer.concat(chunks)));
      } finally {
        uploads.delete(token);
      }
    },
  };
}

function marking(bucket: Bucket): StoreMark & Required<Pick<StoreMark, "lockUntil">> {
  return {
    async marked(at) {
      return bucket.get(at).mark;
    },
    async mark(at, mark) {
      const found = bucket.get(at);
      if (Object.keys(mark).length > 0) found.mark = { ...mark };
      else delete found.mark;
    },
    async lockUntil(at, until) {
      const found = bucket.get(at);
      if (found.lockedUntil && found.lockedUntil > until)
        throw new LockShortened(`${at.key} is locked until ${found.lockedUntil.toISOString()}`, "A lock can only be lengthened.");
      found.lockedUntil = until;
    },
  };
}

function pruning(bucket: Bucket, clock: Clock): StorePrune {
  return {
    async delete(at) {
      const found = bucket.find(at);
      if (!found) return;
      if (found.lockedUntil && found.lockedUntil > clock.now()) throw new ObjectLocked(at.key, found.lockedUntil);
      bucket.remove(found);
    },
  };
}

function insideOf(bucket: Bucket, uploads: Uploads, clock: Clock): Inside {
  const days = (version: Version) => (clock.now().getTime() - version.at.getTime()) / 86_400_000;
  return {
    versions: (key) => bucket.all().filter((version) => key === undefined || version.key === key),
    uploads: () => [...uploads.values()].map(({ upload }) => upload),
    overwrite: (key, bytes) => bucket.push(key, new Uint8Array(bytes)),
    remove: (key) => void bucket.push(key, new Uint8Array(), "", true),
    damage: (at, change) => {
      const found = bucket.get(at);
      found.bytes = change(new Uint8Array(found.bytes));
    },
    archive: (at) => {
      bucket.get(at).access = "archived";
    },
    finishThaw: (at) => {
      bucket.get(at).access = "now";
    },
    expire: () => {
      const due = bucket.all().filter((v) => v.mark?.release && days(v) >= Number.parseInt(v.mark.release, 10));
      const gone = due.filter((v) => !v.lockedUntil || v.lockedUntil <= clock.now());
      for (const version of gone) bucket.remove(version);
      return gone.map(({ key, version }) => ({ key, version }));
    },
  };
}
