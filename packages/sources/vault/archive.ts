import type { Bytes } from "@holdfast/core";
import { Census } from "./census.ts";
import { ProofAbandoned, SnapshotBomb, SnapshotCut, SnapshotEmpty, SnapshotUnsealed } from "./errors.ts";
import { GzipReader } from "./gzip.ts";
import { type Entry, Listing } from "./listing.ts";
import { type Contents, SnapshotMembers } from "./members.ts";
import { TarReader } from "./tar.ts";

/**
 * A proven snapshot. `bytes`: of the archive; `size`: of state.bin; `sums`: SHA-256 of meta.json and state.bin, hexadecimal; `servers` and `seal` as
 * in {@link Native}; `sealedBytes`: of the sums that the seal encrypted; `entries.data`: those of secrets engines and auth methods.
 */
export type Archive = Contents & { bytes: number };

export type { Entry } from "./listing.ts";

/** Values are ciphertext and do not shrink, keys are text that does: the most repetitive cluster stays under a tenth of this. */
const MOST_INFLATED = 100;
/** Up to here a ratio says nothing. */
const FREELY_INFLATED = 64 * 2 ** 20;

/**
 * Passes the very same bytes on while it proves them, at the pace of whoever reads them. Their clean end means that the snapshot is whole. A check
 * that fails throws out of `bytes` before their end and rejects `archive`: {@link SnapshotEmpty}, {@link SnapshotCut}, {@link SnapshotBroken},
 * {@link SnapshotUnsealed}, {@link SnapshotHollow}, {@link SnapshotBomb}, or what the source throws. {@link ProofAbandoned} where the reader stops early.
 */
export function proven(bytes: Bytes): { bytes: Bytes; archive: Promise<Archive> } {
  const archive = Promise.withResolvers<Archive>();
  archive.promise.catch(() => {});
  return { bytes: watched(bytes, archive), archive: archive.promise };
}

/** For whoever needs nothing but the proof. Throws what {@link proven} throws. */
export async function proveArchive(bytes: Bytes): Promise<Archive> {
  const { bytes: same, archive } = proven(bytes);
  for await (const _ of same);
  return archive;
}

/**
 * The entries of state.bin in their order, some hundreds at a time, then the checks of {@link proven}: nothing counts before the end. Throws
 * {@link SnapshotBroken} also where they are out of order. Names of secrets are among the keys: they must not reach findings, logs or errors.
 */
export async function* entriesOf(bytes: Bytes): AsyncGenerator<Entry[], undefined> {
  const listing = new Listing();
  const proof = new Proof(listing);
  try {
    for await (const chunk of bytes) {
      await proof.push(chunk);
      const entries = listing.take();
      if (entries.length > 0) yield entries;
    }
    proof.end();
  } finally {
    proof.close();
  }
}

class Proof {
  readonly #gzip = new GzipReader((plain) => this.#see(plain));
  readonly #tar: TarReader;
  readonly #members: SnapshotMembers;

  constructor(census = new Census()) {
    this.#members = new SnapshotMembers(census);
    this.#tar = new TarReader(this.#members);
  }

  /** Resolves when all that the chunk holds was looked at. One at a time. */
  push(chunk: Uint8Array): Promise<void> {
    return this.#gzip.push(chunk);
  }

  /** After the last chunk. */
  end(): Archive {
    const { bytes, stage } = this.#gzip;
    if (bytes === 0) throw new SnapshotEmpty();
    if (stage !== "ended" || !this.#tar.ended) throw this.#cut();
    return { bytes, ...this.#members.contents() };
  }

  close(): void {
    this.#gzip.close();
  }

  #see(plain: Buffer): void {
    const { plainBytes, bytes } = this.#gzip;
    if (plainBytes > FREELY_INFLATED && plainBytes > bytes * MOST_INFLATED) {
      throw new SnapshotBomb(`its ${bytes} bytes unpack to ${plainBytes} and more`);
    }
    this.#tar.push(plain);
  }

  /**
   * A server that cannot use its seal has written three members by then, and ends its answer as if all were well. What its gzip holds back, up to
   * 64 KiB, never comes: OpenBao 2.7.2 sends ten bytes of a small cluster. So only some such breaks can be told from others.
   */
  #cut(): Error {
    const { bytes, stage } = this.#gzip;
    const cut = new SnapshotCut(stage === "header" || stage === "trailer" ? `its gzip ${stage}` : this.#members.where, bytes);
    return this.#tar.between && this.#members.unsealed ? new SnapshotUnsealed("missing", { cause: cut }) : cut;
  }
}

/** No generator: one that nobody began would not run its `finally`, and leave the source open. */
function watched(bytes: Bytes, { resolve, reject }: PromiseWithResolvers<Archive>): Bytes {
  const source = bytes[Symbol.asyncIterator]();
  const proof = new Proof();
  let proving: Promise<void> = Promise.resolve();
  let failure: { error: unknown } | undefined;
  const stop = async (error: unknown) => {
    failure ??= { error };
    reject(error);
    proof.close();
    await source.return?.();
  };
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      if (failure) throw failure.error;
      try {
        await proving;
        const next = await source.next();
        if (next.done) {
          resolve(finished(proof));
          return next;
        }
        // It goes on while the reader works on the same bytes, so the reader gets a view, whose memory it cannot free.
        proving = heard(proof.push(next.value));
        return { done: false, value: next.value.subarray() };
      } catch (error) {
        await stop(error);
        throw error;
      }
    },
    async return() {
      await stop(new ProofAbandoned());
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function finished(proof: Proof): Archive {
  const archive = proof.end();
  proof.close();
  return archive;
}

/** The next pull throws what it rejects with. */
function heard(pushed: Promise<void>): Promise<void> {
  pushed.catch(() => {});
  return pushed;
}
