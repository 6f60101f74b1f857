import { createHash, randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Context, type Mark, ObjectExists, ObjectMissing, type Ref, type Stored } from "@holdfast/core";

/** One version as the store keeps it. `etag` tells uploads apart that have the same length. A delete marker holds no bytes. */
export type Version = Ref & {
  bytes: Uint8Array;
  etag: string;
  at: Date;
  access: Stored["access"];
  deleted: boolean;
  mark?: Mark;
  lockedUntil?: Date;
};

/** The store's own time: what its options say, else that of the context that wrote last. */
export class Clock {
  #follows: () => Date = () => new Date(0);
  readonly #given: (() => Date) | undefined;
  constructor(given: (() => Date) | undefined) {
    this.#given = given;
  }
  follow(context: Context): void {
    this.#follows = () => context.now();
  }
  now(): Date {
    return (this.#given ?? this.#follows)();
  }
}

/** Every version of every key. All changes are synchronous, so of two writers at once one is first. */
export class Bucket {
  readonly #versions = new Map<string, Version[]>();
  readonly #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  all(): Version[] {
    return [...this.#versions.values()].flat();
  }
  keys = (): string[] => [...this.#versions.keys()];
  /** Undefined where a delete marker is the newest, or the version that was asked for. */
  find(at: Ref | { key: string }): Version | undefined {
    const versions = this.#versions.get(at.key) ?? [];
    const found = "version" in at ? versions.find(({ version }) => version === at.version) : versions.at(-1);
    return found?.deleted ? undefined : found;
  }
  /** Throws {@link ObjectMissing}. */
  get(at: Ref | { key: string }): Version {
    const found = this.find(at);
    if (!found) throw new ObjectMissing(at.key);
    return found;
  }
  /** Throws {@link ObjectExists}. A key whose newest version is a delete marker is free, as on S3. */
  create(key: string, bytes: Uint8Array, etag = sha256(bytes)): Version {
    if (this.find({ key })) throw new ObjectExists(key);
    return this.push(key, bytes, etag);
  }
  push(key: string, bytes: Uint8Array, etag = sha256(bytes), deleted = false): Version {
    const version: Version = { key, version: randomUUID(), bytes, etag, at: this.#clock.now(), access: "now", deleted };
    this.#versions.set(key, [...(this.#versions.get(key) ?? []), version]);
    return version;
  }
  remove(version: Version): void {
    const left = (this.#versions.get(version.key) ?? []).filter((other) => other !== version);
    if (left.length > 0) this.#versions.set(version.key, left);
    else this.#versions.delete(version.key);
  }
}

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
export const sumsOf = (bytes: Uint8Array) => ({ sha256: sha256(bytes), crc32: crc32(bytes).toString(16).padStart(8, "0") });

/** As a listing shows it: without mark and sums. */
export function listed({ key, version, bytes, at, access, lockedUntil }: Version): Stored {
  return { key, version, bytes: bytes.length, at, access, sums: {}, ...(lockedUntil ? { lockedUntil } : {}) };
}
/** As head() shows it. */
export function stored(version: Version): Stored {
  return { ...listed(version), sums: sumsOf(version.bytes), ...(version.mark ? { mark: version.mark } : {}) };
}
