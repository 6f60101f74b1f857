import { createHash, type Hash, hash } from "node:crypto";
import { Census } from "./census.ts";
import { SnapshotBroken } from "./errors.ts";

/**
 * One entry of state.bin. `key`: its path, one character a byte, so that `<` orders keys as servers do. `digest`: SHA-256 of the value, hexadecimal;
 * values are ciphertext with a nonce of their own, so equal digests mean that nobody wrote it again.
 */
export type Entry = { key: string; digest: string };

const NOTHING = hash("sha256", Buffer.alloc(0));

/** A {@link Census} that also lists what it counts. */
export class Listing extends Census {
  #entries: Entry[] = [];
  #last = "";
  #digest = NOTHING;
  /** Of a value that comes in pieces. */
  #hash: Hash | undefined;
  #looked = false;

  override begin(bytes: Buffer, from: number, to: number): boolean {
    this.#looked = super.begin(bytes, from, to);
    const key = bytes.toString("latin1", from, to);
    if (key <= this.#last) throw new SnapshotBroken("the entries of state.bin are out of order");
    this.#last = key;
    this.#digest = NOTHING;
    return true;
  }

  override value(part: Buffer, last: boolean): void {
    if (this.#looked) super.value(part, last);
    if (last && !this.#hash) {
      this.#digest = hash("sha256", part);
      return;
    }
    this.#hash ??= createHash("sha256");
    this.#hash.update(part);
    if (!last) return;
    this.#digest = this.#hash.digest("hex");
    this.#hash = undefined;
  }

  override finish(): void {
    this.#entries.push({ key: this.#last, digest: this.#digest });
  }

  /** What came since the last call. */
  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }
}
