import { majorOf } from "./client.ts";
import { parseTable } from "./names.ts";
import type { Session } from "./connect.ts";

/** A plain, partitioned or foreign table, or one that an extension brought. */
export type Table = {
  oid: number;
  schema: string;
  name: string;
  kind: "table" | "partitioned" | "foreign" | "extension";
  partition: boolean;
  /** Lost in a crash, and empty on a standby. */
  unlogged: boolean;
  readable: boolean;
  /** Row-level security would hide rows from us. */
  filtered: boolean;
  /** Only its definition is dumped, because the plan says so for it or for the table it belongs to. */
  excluded: boolean;
  /** Pages, as the server last estimated. */
  pages: number;
};
export type Sequence = { schema: string; name: string; increment: string; unlogged: boolean; readable: boolean; identityOf: number | null };
export type Extension = { name: string; version: string; schema: string; schemaOid: number; trusted: boolean };
export type Policy = { oid: number; roles: string[] };
export type Locale = {
  encoding: string;
  provider: "libc" | "icu" | "builtin";
  collate: string;
  ctype: string;
  locale?: string;
  rules?: string;
};

/** What one database holds and what of it our login can see, all of one snapshot where the session is in one. */
export type Inspection = {
  version: number;
  standby: boolean;
  feedback: boolean;
  bytes: number;
  locale: Locale;
  settings: string[];
  tables: Table[];
  sequences: Sequence[];
  extensions: Extension[];
  policies: Policy[];
  largeObjects: { all: number; readable: number };
  objects: Record<string, number>;
  /** Definitions that a restore leaves out. */
  aside: { eventTriggers: number; publications: number; subscriptions: number; userMappings: number };
  /** Tables of the plan's excludeData that this database lacks. */
  missing: string[];
  /** Tables with data that refer to an excluded one: their rows could not be loaded again. */
  orphaned: { schema: string; name: string }[];
};

const OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
const inExtension = (classid: string, oid: string) =>
  `EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${classid}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

export async function inspect(session: Session, excludeData: readonly string[]): Promise<Inspection> {
  const server = await one<{ version: number; standby: boolean; feedback: boolean; bytes: number }>(session, SERVER);
  const excluded = await session.query<{ oid: number; wanted: number }>("looking at excluded tables", EXCLUDED, [
    excludeData.map((text) => parseTable(text).schema),
    excludeData.map((text) => parseTable(text).name),
  ]);
  const oids = excluded.map((row) => row.oid);
  const found = new Set(excluded.map((row) => row.wanted));
  return {
    ...server,
    locale: await localeOf(session, majorOf(server.version)),
    settings: (await session.query<{ setting: string }>("reading settings", SETTINGS)).map((row) => row.setting),
    tables: await session.query<Table>("listing tables", TABLES, [oids]),
    sequences: await session.query<Sequence>("listing sequences", SEQUENCES),
    extensions: await session.query<Extension>("listing extensions", EXTENSIONS),
    policies: await session.query<Policy>("listing policies", POLICIES),
    largeObjects: await one(session, LARGE_OBJECTS),
    objects: await countObjects(session),
    aside: await one(session, ASIDE),
    missing: excludeData.filter((_, i) => !found.has(i + 1)),
    orphaned: await session.query("looking at references to excluded tables", ORPHANED, [oids]),
  };
}

/** How many of each kind of definition a database has, as a dump would hold them. */
export function countObjects(session: Session): Promise<Record<string, number>> {
  return one(session, OBJECTS);
}

async function one<Row>(session: Session, sql: string): Promise<Row> {
  const [row] = await session.query<Row>("looking at the catalogue", sql);
  return row as Row;
}

const SERVER = `SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
  current_setting('hot_standby_feedback')::bool AS feedback, pg_database_size(current_database())::float8 AS bytes`;

export const SETTINGS = `SELECT unnest(s.setconfig) AS setting FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
  WHERE d.datname = current_database() AND s.setrole = 0`;

/** Excluding a partitioned table or a parent means its children too; pg_dump before 16 would take the name alone. */
const EXCLUDED = `WITH RECURSIVE wanted AS (
    SELECT c.oid, w.at FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema, name, at)
    JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')
    UNION SELECT i.inhrelid, wanted.at FROM wanted JOIN pg_inherits i ON i.inhparent = wanted.oid)
  SELECT oid::int8::float8 AS oid, at::int AS wanted FROM wanted`;

const TABLES = `SELECT c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS name,
    CASE WHEN ${inExtension("pg_class", "c.oid")} THEN 'extension' WHEN c.relkind = 'p' THEN 'partitioned' WHEN c.relkind = 'f' THEN 'foreign'
      ELSE 'table' END AS kind,
    c.relispartition AS partition, c.relpersistence = 'u' AS unlogged,
    coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), true) AS readable,
    coalesce(row_security_active(c.oid), false) AS filtered, c.oid::int8::float8 = ANY ($1::float8[]) AS excluded, c.relpages AS pages
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f') AND ${OURS}
    AND (NOT ${inExtension("pg_class", "c.oid")} OR c.oid IN (SELECT unnest(extconfig) FROM pg_extension))
  ORDER BY n.nspname, c.relname`;

const SEQUENCES = `SELECT n.nspname AS schema, c.relname AS name, s.seqincrement::text AS increment, c.relpersistence = 'u' AS unlogged,
    coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT'), true) AS readable,
    (SELECT d.refobjid::int8::float8 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
      AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i' LIMIT 1) AS "identityOf"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
  WHERE ${OURS} AND NOT ${inExtension("pg_class", "c.oid")} ORDER BY n.nspname, c.relname`;

/** In the order they were made, so that one that needs another comes after it. plpgsql is in every new database. */
const EXTENSIONS = `SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema, n.oid::int8::float8 AS "schemaOid",
    coalesce((SELECT v.trusted FROM pg_available_extension_versions v WHERE v.name = e.extname AND v.version = e.extversion), false) AS trusted
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY e.oid`;

const POLICIES = `SELECT p.oid::int8::float8 AS oid, array_agg(r.rolname::text ORDER BY r.rolname) AS roles
  FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles) GROUP BY p.oid`;

const LARGE_OBJECTS = `SELECT count(*)::float8 AS all, count(*) FILTER (WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
      OR current_setting('lo_compat_privileges')::bool OR pg_has_role(lomowner, 'USAGE')
      OR EXISTS (SELECT FROM aclexplode(lomacl) a WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
    )::float8 AS readable FROM pg_largeobject_metadata`;

const OBJECTS = `SELECT
  (SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND ${OURS}
    AND NOT ${inExtension("pg_class", "c.oid")}) AS views,
  (SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND ${OURS}
    AND NOT ${inExtension("pg_class", "c.oid")}) AS "materializedViews",
  (SELECT count(*)::int FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${OURS}
    AND (i.indisvalid OR c.relkind = 'I') AND NOT c.relispartition AND NOT ${inExtension("pg_class", "i.indrelid")}) AS indexes,
  (SELECT count(*)::int FROM pg_constraint f WHERE f.contype = 'f' AND f.conparentid = 0) AS "foreignKeys",
  (SELECT count(*)::int FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${OURS}
    AND NOT ${inExtension("pg_proc", "p.oid")}) AS functions,
  (SELECT count(*)::int FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgparentid = 0) AS triggers`;

const ASIDE = `SELECT (SELECT count(*)::int FROM pg_event_trigger t WHERE NOT ${inExtension("pg_event_trigger", "t.oid")}) AS "eventTriggers",
  (SELECT count(*)::int FROM pg_publication) AS publications,
  (SELECT count(*)::int FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()) AS subscriptions,
  (SELECT count(*)::int FROM pg_user_mappings) AS "userMappings"`;

const ORPHANED = `SELECT DISTINCT n.nspname AS schema, c.relname AS name FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE f.contype = 'f' AND f.confrelid::int8::float8 = ANY ($1::float8[])
    AND NOT f.conrelid::int8::float8 = ANY ($1::float8[]) ORDER BY 1, 2`;

const PROVIDERS: Record<string, Locale["provider"]> = { c: "libc", i: "icu", b: "builtin" };

/** The catalogue's columns for locales changed in 15, 16 and 17. */
async function localeOf(session: Session, major: number): Promise<Locale> {
  const locale = major >= 17 ? "datlocale" : major >= 15 ? "daticulocale" : "NULL";
  const row = await one<{
    encoding: string;
    provider: string;
    collate: string;
    ctype: string;
    locale: string | null;
    rules: string | null;
  }>(
    session,
    `SELECT pg_encoding_to_char(encoding) AS encoding, ${major >= 15 ? "datlocprovider::text" : "'c'"} AS provider, datcollate AS collate,
      datctype AS ctype, ${locale} AS locale, ${major >= 16 ? "daticurules" : "NULL"} AS rules FROM pg_database WHERE datname = current_database()`,
  );
  const { encoding, collate, ctype } = row;
  return {
    encoding,
    collate,
    ctype,
    provider: PROVIDERS[row.provider] ?? "libc",
    ...(row.locale === null ? {} : { locale: row.locale }),
    ...(row.rules === null ? {} : { rules: row.rules }),
  };
}
