import { createHash, randomUUID } from "node:crypto";
import { crc32c } from "./crc32c.ts";

export type Retention = { mode: "Locked" | "Unlocked"; retainUntilTime: string };
/** One generation of one object, as the server keeps it. */
export type Kept = {
  name: string;
  generation: number;
  metageneration: number;
  bytes: Uint8Array;
  crc32c: string;
  /** Absent on what came in parts. */
  md5Hash?: string;
  timeCreated: Date;
  metadata: Record<string, string>;
  customTime?: string;
  temporaryHold: boolean;
  retention?: Retention;
};
export type Session = {
  id: string;
  name: string;
  ifAbsent: boolean;
  held: Uint8Array;
  metadata: Record<string, string>;
  md5Hash?: string | undefined;
  made?: Kept;
};
export type Parts = { id: string; name: string; metadata: Record<string, string>; parts: Map<number, { bytes: Uint8Array; etag: string }> };

export const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("base64");

/** A bucket with Object Versioning and per-object retention. All changes are synchronous, so of two writers at once one is first. */
export class Bucket {
  readonly name: string;
  readonly minPart: number;
  /** The bucket's own retention policy, seconds. */
  retentionSeconds = 0;
  readonly sessions = new Map<string, Session>();
  readonly uploads = new Map<string, Parts>();
  readonly #live = new Map<string, Kept>();
  readonly #noncurrent: Kept[] = [];
  #generation = 1_700_000_000_000_000;

  constructor(name: string, minPart: number) {
    this.name = name;
    this.minPart = minPart;
  }

  live(name: string): Kept | undefined {
    return this.#live.get(name);
  }
  find(name: string, generation: string | null): Kept | undefined {
    if (generation === null) return this.live(name);
    return this.all(true).find((kept) => kept.name === name && String(kept.generation) === generation);
  }
  /** By name in UTF-8 order, then oldest first. */
  all(versions: boolean): Kept[] {
    const found = versions ? [...this.#noncurrent, ...this.#live.values()] : [...this.#live.values()];
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.generation - b.generation);
  }
  make(
    name: string,
    bytes: Uint8Array,
    { metadata = {}, parts = false }: { metadata?: Record<string, string>; parts?: boolean } = {},
  ): Kept {
    this.remove(name);
    this.#generation += 1;
    const kept: Kept = {
      name,
      generation: this.#generation,
      metageneration: 1,
      bytes,
      crc32c: crc32c(bytes),
      ...(parts ? {} : { md5Hash: md5(bytes) }),
      timeCreated: new Date(),
      metadata,
      temporaryHold: false,
    };
    this.#live.set(name, kept);
    return kept;
  }
  /** The live one becomes noncurrent. */
  remove(name: string): void {
    const kept = this.#live.get(name);
    if (kept) this.#noncurrent.push(kept);
    this.#live.delete(name);
  }
  begin(name: string, rest: Pick<Session, "ifAbsent" | "metadata" | "md5Hash">): Session {
    const session: Session = { id: randomUUID(), name, held: new Uint8Array(), ...rest };
    this.sessions.set(session.id, session);
    return session;
  }
  initiate(name: string, metadata: Record<string, string>): Parts {
    const upload: Parts = { id: `${randomUUID()}+/=`, name, metadata, parts: new Map() };
    this.uploads.set(upload.id, upload);
    return upload;
  }
  /** What lifecycle's `daysSinceCustomTime: 0` would delete at that time. */
  expired(now: Date): string[] {
    const due = this.all(false).filter(({ customTime }) => customTime !== undefined && new Date(customTime) <= now);
    return due.filter((kept) => !kept.temporaryHold && (this.lockedUntil(kept) ?? 0) <= now).map(({ name }) => name);
  }
  lockedUntil({ retention, timeCreated }: Kept): Date | undefined {
    const own = retention ? [new Date(retention.retainUntilTime).getTime()] : [];
    const policy = this.retentionSeconds > 0 ? [timeCreated.getTime() + this.retentionSeconds * 1_000] : [];
    const dates = [...own, ...policy];
    return dates.length > 0 ? new Date(Math.max(...dates)) : undefined;
  }
}
