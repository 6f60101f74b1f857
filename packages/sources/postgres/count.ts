import type { Connect, Session } from "./connect.ts";
import { ServerRefused } from "./errors.ts";
import type { Table } from "./inspect.ts";
import { qualified } from "./names.ts";
import { enterSnapshot } from "./snapshot.ts";

/** Rows by oid, of the tables that were counted in time. */
export type Counts = ReadonlyMap<number, number>;

/** Milliseconds. Counting runs beside the dump and reads the same pages, so it seldom needs what these allow. */
export type Limits = { table: number; lock: number; afterDump: number };
const LIMITS: Limits = {
  /** One table may hold up the others this long; 200 million rows of usual width fit. */
  table: 120_000,
  /** A migration that waits for the dump stands before us; we do not wait for it. */
  lock: 5_000,
  /** What is left when the dump has ended gets this long more. */
  afterDump: 60_000,
};

/**
 * Counts the rows of each table, exactly, as the snapshot sees them; small tables first, so that running out of time costs the fewest.
 * Tables for which there was no time are missing in the answer. It begins with {@link begin}, once pg_dump holds its locks: a TRUNCATE before that
 * empties a table for the snapshot too, and dump and count must see the same.
 */
export class Counting {
  readonly #open: () => Promise<Session>;
  readonly #snapshot: string;
  readonly #tables: readonly Table[];
  readonly #now: () => Date;
  readonly #limits: Limits;
  #session: Promise<Session> | undefined;
  #counts: Promise<Counts> | undefined;
  #end = Number.POSITIVE_INFINITY;

  constructor(connect: Connect, database: string, snapshot: string, tables: readonly Table[], now: () => Date, limits = LIMITS) {
    this.#open = () => connect(database);
    this.#snapshot = snapshot;
    this.#tables = tables.toSorted((a, b) => a.pages - b.pages);
    this.#now = now;
    this.#limits = limits;
  }

  /** Twice is harmless. */
  begin(): void {
    if (this.#counts) return;
    this.#session = this.#open();
    this.#counts = this.#session.then((session) => this.#count(session));
    this.#counts.catch(() => {});
  }

  /** To be asked when the dump has ended. */
  async finish(): Promise<Counts> {
    this.#end = this.#now().getTime() + this.#limits.afterDump;
    this.begin();
    return (await this.#counts) ?? new Map();
  }

  /** Ends it, wherever it is. */
  async stop(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    await session?.end();
  }

  async #count(session: Session): Promise<Counts> {
    const counts = new Map<number, number>();
    try {
      await session.query("limiting counts", `SET statement_timeout = ${this.#limits.table}; SET lock_timeout = ${this.#limits.lock}`);
      await enterSnapshot(session, this.#snapshot);
      for (const table of this.#tables) {
        if (this.#now().getTime() > this.#end) break;
        const rows = await countOne(session, this.#snapshot, table);
        if (rows !== undefined) counts.set(table.oid, rows);
      }
      return counts;
    } finally {
      await session.end();
    }
  }
}

/** query_canceled, lock_not_available. */
const OUT_OF_TIME = ["57014", "55P03"];

async function countOne(session: Session, snapshot: string, { schema, name }: Table): Promise<number | undefined> {
  try {
    // ONLY: children of a parent have rows of their own in the dump.
    const [row] = await session.query<{ rows: string }>("counting rows", `SELECT count(*) AS rows FROM ONLY ${qualified(schema, name)}`);
    return Number(row?.rows);
  } catch (error) {
    if (!(error instanceof ServerRefused) || !OUT_OF_TIME.includes(error.code)) throw error;
    await enterSnapshot(session, snapshot);
    return undefined;
  }
}
