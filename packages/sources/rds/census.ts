import type { Session } from "../postgres/connect.ts";
import { qualified } from "../postgres/names.ts";

/** What one database holds. */
export type Census = {
  tables: number;
  rows: number;
  /** False: the planner's estimate, in which tables that nobody ever analysed count as empty. */
  exact: boolean;
  /** How many of those there are that hold anything. */
  unknown: number;
};

/**
 * Rows that are counted one by one in one proof. A fresh volume fetches each block from S3 when it is first read, at some 30 MB a second: of 150 bytes
 * each they take two minutes of a Lambda's fifteen.
 */
export const MOST_COUNTED = 20_000_000;

/** Looks at every plain table; `rows` are about to be expected. Counts where they are no more than `most` and every table can be read. */
export async function census(session: Session, rows: number, most: number): Promise<Census> {
  const tables = await session.query<Table>("listing tables", TABLES);
  const atMost = tables.reduce((sum, { estimate, bytes }) => sum + (estimate < 0 ? bytes / LEAST_BYTES : estimate), 0);
  if (Math.max(rows, atMost) > most || tables.some(({ readable }) => !readable)) return estimated(tables);
  let counted = 0;
  for (const table of tables) counted += await countOne(session, table);
  return { tables: tables.length, rows: counted, exact: true, unknown: 0 };
}

/** A row's header, its pointer and one column. */
const LEAST_BYTES = 32;

function estimated(tables: readonly Table[]): Census {
  const rows = tables.reduce((sum, { estimate }) => sum + Math.max(estimate, 0), 0);
  const unknown = tables.filter(({ estimate, bytes }) => estimate < 0 && bytes > 0).length;
  return { tables: tables.length, rows: Math.round(rows), exact: false, unknown };
}

async function countOne(session: Session, { schema, name }: Table): Promise<number> {
  const [row] = await session.query<{ rows: string }>("counting rows", `SELECT count(*) AS rows FROM ONLY ${qualified(schema, name)}`);
  return Number(row?.rows);
}

type Table = { schema: string; name: string; estimate: number; bytes: number; readable: boolean };
/** Those that a dump counts as tables. Where policies hide rows a count would be of something else. */
const TABLES = `SELECT n.nspname AS schema, c.relname AS name, c.reltuples::float8 AS estimate, pg_relation_size(c.oid)::float8 AS bytes,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  ORDER BY 1, 2`;
