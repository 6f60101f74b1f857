import { escapeIdentifier } from "pg";
import { connected, type Server } from "./shop.ts";

/** One table (a leaf of a partitioned one), the large objects together, or a sequence. */
export type Counted = {
  what: "table" | "materialized view" | "large objects" | "sequence";
  name: string;
  /** The table that it is a partition of. */
  partOf?: string;
  rows: number;
  /** Of every row, whatever their order: equal contents have equal ones. */
  fingerprint: string;
};

/**
 * Counts and fingerprints all that a database holds, as its superuser and with SQL of its own: what Holdfast says of a backup or a restore
 * is not asked, so that it can be held against it.
 */
export async function takeCensus(server: Server, database: string): Promise<Counted[]> {
  return await connected(server, database, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const { rows: found } = await client.query<Found>(RELATIONS);
    const counted: Counted[] = [];
    for (const { kind, schema, name, root } of found) {
      const relation = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
      const { rows } = await client.query<{ rows: string; fingerprint: string }>(`SELECT ${HASH(contents[kind])} FROM ${relation} AS it`);
      counted.push({ ...numbers(rows[0]), what: kinds[kind], name: `${schema}.${name}`, ...(root ? { partOf: root } : {}) });
    }
    const { rows: objects } = await client.query<{ rows: string; fingerprint: string }>(LARGE_OBJECTS);
    return [...counted, { what: "large objects", name: "large objects", ...numbers(objects[0]) }];
  });
}

type Found = { kind: keyof typeof kinds; schema: string; name: string; root: string | null };
/** A sequence's third column is how much was written ahead to the log: nothing of its contents. */
const contents = { r: "it::text", m: "it::text", S: "last_value || ' ' || is_called" } as const;
const kinds = { r: "table", m: "materialized view", S: "sequence" } as const;

const numbers = (row: { rows: string; fingerprint: string } | undefined) => ({
  rows: Number(row?.rows ?? 0),
  fingerprint: row?.fingerprint ?? "",
});

const HASH = (text: string) => `count(*) AS rows, coalesce(sum(hashtextextended(${text}, 0)::numeric), 0)::text AS fingerprint`;

/** Sums of hashes do not depend on the order of rows, and two equal rows do not take each other out. */
const RELATIONS = `SELECT c.relkind::text AS kind, n.nspname AS schema, c.relname AS name,
    CASE WHEN c.relispartition THEN (SELECT rn.nspname || '.' || r.relname FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
      WHERE r.oid = pg_partition_root(c.oid)) END AS root
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY n.nspname, c.relname`;

const LARGE_OBJECTS = `SELECT ${HASH("oid || encode(lo_get(oid), 'base64')")} FROM pg_largeobject_metadata`;

/** Rows of all of them, or of one kind. */
export const rowsOf = (counts: readonly Counted[], what?: Counted["what"]): number =>
  counts.reduce((sum, it) => sum + (what === undefined || it.what === what ? it.rows : 0), 0);
