import { createHash, randomBytes } from "node:crypto";
import { Crcs } from "@holdfast/core";

/** One version as the service keeps it. `current` is false once it was written over or deleted. */
export type FakeVersion = {
  id: string;
  etag: string;
  bytes: Buffer;
  at: Date;
  current: boolean;
  tier: string;
  status?: string;
  /** What its writer said of it, by header. */
  meta: Record<string, string>;
  md5?: string;
  tags: Map<string, string>;
  lockedUntil?: Date;
};
export type FakeOptions = {
  /** Default true. */
  versions?: boolean;
  /** Default true: version-level immutability. */
  locks?: boolean;
  /** With what create-only writes to a taken name are refused. Both are seen in the wild. Default 409. */
  taken?: 409 | 412;
  /** Default true. False: it reads `x-ms-content-crc64` and looks away, as Azurite does. */
  checksCrc64?: boolean;
};

/** A refusal by its code, as Azure's manual lists them. */
export class FakeError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

let moments = 0;
/** No two are alike, and later ones are larger. */
function newVersionId(): string {
  const sevenDigits = String(++moments).padStart(7, "0");
  return `${new Date().toISOString().slice(0, 19)}.${sevenDigits}Z`;
}

/** The least significant byte first, by another implementation than the adapter's. */
export function crc64OnTheWire(bytes: Uint8Array): string {
  const crcs = new Crcs();
  crcs.update(bytes);
  return Buffer.from(crcs.digest().crc64nvme, "hex").reverse().toString("base64");
}
export const md5Of = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("base64");

/** What one container holds, and the rules of the service about it. */
export class FakeContainer {
  readonly blobs = new Map<string, FakeVersion[]>();
  /** Uncommitted blocks, which belong to a name. */
  readonly blocks = new Map<string, Map<string, Buffer>>();
  readonly options: Required<FakeOptions>;
  constructor(options: FakeOptions) {
    this.options = { versions: true, locks: true, taken: 409, checksCrc64: true, ...options };
  }

  current(key: string): FakeVersion | undefined {
    return this.blobs.get(key)?.find((version) => version.current);
  }
  /** Throws BlobNotFound, and ConditionNotMet for another ETag. */
  find(key: string, versionId: string | null, etag?: string): FakeVersion {
    const found = versionId === null ? this.current(key) : this.blobs.get(key)?.find(({ id }) => id === versionId);
    if (!found) throw new FakeError(404, "BlobNotFound");
    if (etag !== undefined && etag !== found.etag) throw new FakeError(412, "ConditionNotMet");
    return found;
  }
  requireAbsent(key: string): void {
    if (this.current(key))
      throw this.options.taken === 409 ? new FakeError(409, "BlobAlreadyExists") : new FakeError(412, "ConditionNotMet");
  }
  /** Drops every block of the name, also those of others. */
  write(key: string, bytes: Buffer, more: Partial<FakeVersion>): FakeVersion {
    const before = this.current(key);
    if (!this.options.versions && before?.lockedUntil) throw new FakeError(409, "BlobImmutableDueToPolicy");
    const version: FakeVersion = {
      ...{ id: this.options.versions ? newVersionId() : "", etag: `"0x${randomBytes(8).toString("hex").toUpperCase()}"` },
      ...{ bytes, at: new Date(), current: true, tier: "Hot", meta: {}, tags: new Map<string, string>() },
      ...more,
    };
    this.remove(key);
    this.blobs.set(key, [...(this.blobs.get(key) ?? []), version]);
    this.blocks.delete(key);
    return version;
  }
  remove(key: string): void {
    for (const version of this.blobs.get(key) ?? []) version.current = false;
    if (!this.options.versions) this.blobs.delete(key);
  }
  /** All ids of a name have one length. */
  stage(key: string, id: string, bytes: Buffer): void {
    const blocks = this.blocks.get(key) ?? new Map<string, Buffer>();
    if ([...blocks.keys()].some((other) => other.length !== id.length)) throw new FakeError(400, "InvalidBlobOrBlock");
    if (Buffer.from(id, "base64").length > 64) throw new FakeError(400, "InvalidQueryParameterValue");
    if (bytes.length === 0) throw new FakeError(400, "InvalidHeaderValue");
    this.blocks.set(key, blocks.set(id, bytes));
  }
  /** The bytes of a list of blocks. Throws InvalidBlockList. */
  gather(key: string, ids: readonly string[]): Buffer {
    const blocks = this.blocks.get(key);
    return Buffer.concat(
      ids.map((id) => {
        const block = blocks?.get(id);
        if (!block) throw new FakeError(400, "InvalidBlockList");
        return block;
      }),
    );
  }
}
