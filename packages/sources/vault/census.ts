import { SnapshotBroken } from "./errors.ts";
import type { Entries } from "./state.ts";

/** Entries whose values are looked at: what a cluster cannot come up without, and what tells how it is unsealed. */
export const KEYRING = "core/keyring";
export const SEAL_CONFIG = "core/seal-config";
export const RECOVERY_CONFIG = "core/recovery-config";
export const STORED_KEYS = "core/hsm/barrier-unseal-keys";
const LOOKED_AT = new Set([KEYRING, SEAL_CONFIG, RECOVERY_CONFIG, STORED_KEYS]);

/** Of each value that is looked at; the longest, a keyring of thousands of rotations, is not looked into. */
const MOST_KEPT = 64 * 1024;

const CORE = Buffer.from("core/");
const LOGICAL = Buffer.from("logical/");
const AUTH = Buffer.from("auth/");
const NAMESPACES = Buffer.from("namespaces/");
const SLASH = 0x2f;

/** Counts entries, and keeps the beginning of the few values that tell whether and how a cluster comes up. */
export class Census implements Entries {
  all = 0;
  data = 0;
  readonly values = new Map<string, Buffer>();
  #key: string | undefined;

  begin(bytes: Buffer, from: number, to: number): boolean {
    this.all++;
    if (isData(bytes, from, to)) this.data++;
    this.#key = startsWith(CORE, bytes, from, to) ? bytes.toString("latin1", from, to) : undefined;
    if (this.#key === undefined || !LOOKED_AT.has(this.#key)) return false;
    if (this.values.has(this.#key)) throw new SnapshotBroken(`state.bin has ${this.#key} twice`);
    this.values.set(this.#key, Buffer.alloc(0));
    return true;
  }

  value(part: Buffer, _last: boolean): void {
    if (this.#key === undefined) return;
    const kept = this.values.get(this.#key) ?? Buffer.alloc(0);
    if (kept.length < MOST_KEPT) this.values.set(this.#key, Buffer.concat([kept, part.subarray(0, MOST_KEPT - kept.length)]));
  }

  finish(): void {}
}

/** Secrets engines and auth methods keep theirs under `logical/` and `auth/`, those of a namespace under `namespaces/{uuid}/`. */
function isData(bytes: Buffer, from: number, to: number): boolean {
  let at = from;
  while (startsWith(NAMESPACES, bytes, at, to)) {
    const slash = bytes.indexOf(SLASH, at + NAMESPACES.length);
    if (slash < 0) return false;
    at = slash + 1;
  }
  return startsWith(LOGICAL, bytes, at, to) || startsWith(AUTH, bytes, at, to);
}

function startsWith(prefix: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (to - from < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[from + i] !== prefix[i]) return false;
  return true;
}
