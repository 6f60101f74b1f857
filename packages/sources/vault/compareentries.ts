import type { Entry } from "./listing.ts";

/** Entries in the order of their keys, some at a time, as `entriesOf` gives them. */
export type Entries = AsyncIterable<readonly Entry[]>;

export type Compared = {
  /** Data entries of the backup that must be there: all but `expired`. */
  expected: number;
  /** Those of them that are there. */
  found: number;
  /** Those that are there and were written again since. */
  changed: number;
  /** Entries made to go away by themselves, that have. */
  expired: number;
  /** Secrets engines and auth methods that the backup's data entries belong to. */
  mounts: number;
};

/**
 * Compares the data of a backup with that of the cluster that came of it: every entry must be there again, under the same key. Reads both to their
 * ends, where they are checked; memory stays flat. `tokens`: uuids of the mounts whose entries go with their token.
 */
export async function compareEntries(backup: Entries, target: Entries, tokens: readonly string[]): Promise<Compared> {
  const tally = new Tally(new Set(tokens));
  const [was, is] = [new Cursor(backup), new Cursor(target)];
  try {
    for (;;) {
      if (was.empty) await was.load();
      if (is.empty) await is.load();
      const [entry, other] = [was.head, is.head];
      if (!entry && !other) return tally.compared;
      if (!entry || (other && other.key < entry.key)) is.drop();
      else {
        tally.take(entry, other?.key === entry.key ? other : undefined);
        was.drop();
      }
    }
  } finally {
    await Promise.allSettled([was.end(), is.end()]);
  }
}

class Cursor {
  readonly #batches: AsyncIterator<readonly Entry[]>;
  #batch: readonly Entry[] = [];
  #at = 0;
  #ended = false;

  constructor(entries: Entries) {
    this.#batches = entries[Symbol.asyncIterator]();
  }

  /** Undefined at the end, and before {@link load} where it is {@link empty}. */
  get head(): Entry | undefined {
    return this.#batch[this.#at];
  }
  get empty(): boolean {
    return !this.#ended && this.#at >= this.#batch.length;
  }

  async load(): Promise<void> {
    while (this.empty) {
      const next = await this.#batches.next();
      this.#ended = next.done === true;
      this.#batch = next.done ? [] : next.value;
      this.#at = 0;
    }
  }
  drop(): void {
    this.#at++;
  }
  /** Frees what it reads from, wherever it stopped. */
  async end(): Promise<void> {
    await this.#batches.return?.();
  }
}

class Tally {
  readonly compared: Compared = { expected: 0, found: 0, changed: 0, expired: 0, mounts: 0 };
  readonly #tokens: ReadonlySet<string>;
  #mount: string | undefined;

  constructor(tokens: ReadonlySet<string>) {
    this.#tokens = tokens;
  }

  take(entry: Entry, same: Entry | undefined): void {
    const found = MOUNT.exec(entry.key);
    if (!found) return;
    const [mount, uuid = ""] = found;
    if (mount !== this.#mount) this.compared.mounts++;
    this.#mount = mount;
    if (!same && (this.#tokens.has(uuid) || FLEETING.test(entry.key))) this.compared.expired++;
    else {
      this.compared.expected++;
      if (same) this.compared.found++;
      if (same && same.digest !== entry.digest) this.compared.changed++;
    }
  }
}

/** Data of one secrets engine or auth method: the same entries as `Census` counts. */
const MOUNT = /^(?:namespaces\/[^/]+\/)*(?:logical|auth)\/([^/]*)/;

/**
 * Entries that a server removes by itself once they expired, from the first minute after it came up: secret ids of AppRole and their accessors, who
 * logged in by AWS, work to be undone, one-time passwords of ssh, and what was wrapped into a token. Somebody's own entries below such names, in a kv
 * version 1 mount, are not told from these; they are counted and told.
 */
const FLEETING =
  /^(?:namespaces\/[^/]+\/)*(?:auth\/[^/]+\/(?:secret_id|secret_id_local|accessor|accessor_local|whitelist|blacklist|identity-accesslist|roletag-denylist)\/|logical\/[^/]+\/(?:wal\/|otp\/|\w{24,}\/(?:response|wrapinfo)$))/;
