import { createHash, type Hash } from "node:crypto";
import type { Census } from "./census.ts";
import { SnapshotBomb, SnapshotBroken, SnapshotUnsealed } from "./errors.ts";
import { Frame } from "./frame.ts";
import { type Meta, readMeta } from "./meta.ts";
import type { Native } from "./native.ts";
import { sealOf } from "./sealof.ts";
import { StateReader } from "./state.ts";
import { checkSums } from "./sums.ts";
import type { Members } from "./tar.ts";

/** In the order in which servers write them. */
const NAMES = ["meta.json", "state.bin", "SHA256SUMS", "SHA256SUMS.sealed"] as const;
type Name = (typeof NAMES)[number];

const MiB = 2 ** 20;
/** A store holds no object over 5 TiB, and raft no such database; the small ones have some hundred bytes, meta.json about 100 a server. */
const MOST: Record<Name, number> = { "meta.json": MiB, "state.bin": 2 ** 42, SHA256SUMS: 4096, "SHA256SUMS.sealed": MiB };

export type Contents = Omit<Meta, "size"> & {
  size: number;
  sums: { meta: string; state: string };
  sealedBytes: number;
  seal: Native["seal"];
  entries: { all: number; data: number };
};

/** Checks the four members of a snapshot as they come. Throws {@link SnapshotBroken}, {@link SnapshotBomb}; at the end also what {@link contents} says. */
export class SnapshotMembers implements Members {
  readonly #census: Census;
  readonly #state: StateReader;
  readonly #sums = new Map<Name, string>();
  #meta: Meta | undefined;
  #finished = 0;
  #sealedBytes = 0;
  /** The member that is being read; `small`: all of it, where it is not state.bin. */
  #present: { name: Name; hash: Hash; small: Frame } | undefined;

  constructor(census: Census) {
    this.#census = census;
    this.#state = new StateReader(census);
  }

  /** The member that is being read, else the one that comes next. */
  get where(): string {
    return NAMES[this.#finished] ?? "its end";
  }
  /** True where all is there but the sealed sums. */
  get unsealed(): boolean {
    return this.where === "SHA256SUMS.sealed" && !this.#present;
  }

  begin(name: string, size: number): void {
    const expected = NAMES[this.#finished];
    if (expected === undefined) throw new SnapshotBroken("it holds more than its four files");
    if (name !== expected) throw new SnapshotBroken(`another file stands in the place of ${expected}`);
    if (size > MOST[expected]) throw new SnapshotBomb(`${expected} claims ${size} bytes`);
    if (expected === "state.bin" && size !== this.#meta?.size) {
      throw new SnapshotBroken(`state.bin has ${size} bytes, and meta.json says ${this.#meta?.size}`);
    }
    this.#present = { name: expected, hash: createHash("sha256"), small: new Frame(expected === "state.bin" ? 0 : size) };
  }

  data(part: Buffer): void {
    if (!this.#present) return;
    this.#present.hash.update(part);
    if (this.#present.name === "state.bin") this.#state.push(part);
    else this.#present.small.fill(part);
  }

  finish(): void {
    if (!this.#present) return;
    const { name, hash, small } = this.#present;
    this.#present = undefined;
    this.#finished++;
    this.#sums.set(name, hash.digest("hex"));
    if (name === "meta.json") this.#meta = readMeta(small.bytes);
    if (name === "state.bin") this.#state.end();
    if (name === "SHA256SUMS") checkSums(small.bytes.toString("latin1"), this.#sumsOfBoth());
    if (name === "SHA256SUMS.sealed") this.#sealedBytes = small.bytes.length;
  }

  /**
   * What the snapshot holds, after its end. Throws {@link SnapshotBroken} where a member is missing, {@link SnapshotUnsealed} where the sealed
   * sums are missing or empty, {@link SnapshotHollow} where no cluster can come up from it.
   */
  contents(): Contents {
    if (this.unsealed) throw new SnapshotUnsealed("missing");
    if (!this.#meta || this.#finished < NAMES.length) throw new SnapshotBroken(`${this.where} is missing`);
    if (this.#sealedBytes === 0) throw new SnapshotUnsealed("empty");
    const { "meta.json": meta, "state.bin": state } = this.#sumsOfBoth();
    const { all, data } = this.#census;
    return { ...this.#meta, sums: { meta, state }, sealedBytes: this.#sealedBytes, seal: sealOf(this.#census), entries: { all, data } };
  }

  #sumsOfBoth(): { "meta.json": string; "state.bin": string } {
    return { "meta.json": this.#sums.get("meta.json") ?? "", "state.bin": this.#sums.get("state.bin") ?? "" };
  }
}
