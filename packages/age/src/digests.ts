import { createHash } from "node:crypto";
import { Crcs, type Sealed } from "@holdfast/core";

/** Length and SHA-256 of plaintext as it passes. */
export class PlainDigests {
  bytes = 0;
  readonly #sha256 = createHash("sha256");

  update(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#sha256.update(chunk);
  }

  /** Once, at the end. */
  finish(): Sealed["plain"] {
    return { bytes: this.bytes, sha256: this.#sha256.digest("hex") };
  }
}

/** The same of ciphertext, with the CRCs that stores compare. */
export class CipherDigests {
  readonly #plain = new PlainDigests();
  readonly #crcs = new Crcs();

  get bytes(): number {
    return this.#plain.bytes;
  }

  update(chunk: Uint8Array): void {
    this.#plain.update(chunk);
    this.#crcs.update(chunk);
  }

  /** Once, at the end. */
  finish(): Omit<Sealed, "plain"> {
    return { ...this.#plain.finish(), ...this.#crcs.digest() };
  }
}
