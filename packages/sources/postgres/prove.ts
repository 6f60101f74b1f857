import type { Finding, Proven } from "@holdfast/core";
import type { Session } from "./connect.ts";
import type { DatabaseContents, SequenceContents, TableContents } from "./contents.ts";
import { SETTINGS } from "./inspect.ts";
import { qualified } from "./names.ts";

/** What a restored database holds, as its own owner sees it. */
export type Loaded = {
  /** Rows of each plain table, by {@link keyOf}. */
  rows: ReadonlyMap<string, number>;
  /** The number each sequence would give next, by {@link keyOf}. */
  sequences: ReadonlyMap<string, bigint>;
  largeObjects: number;
  invalidIndexes: number;
  objects: Readonly<Record<string, number>>;
  /** Parameters of the database, `name=value`. */
  settings: readonly string[];
};

export const keyOf = ({ schema, name }: { schema: string; name: string }): string => JSON.stringify([schema, name]);

/** Compares table by table. Pure. `policiesLeftOut`: those for roles that the target lacks. Names stay out of findings: they end up in evidence, which is not encrypted. */
export function compareLoaded(expected: DatabaseContents, loaded: Loaded, policiesLeftOut = 0): Proven {
  const tables = expected.tables.filter((it) => it.kind === "table" && it.without !== "unreadable");
  const counted = tables.filter((it) => it.rows !== undefined);
  const found = (some: readonly TableContents[]) => some.reduce((sum, it) => sum + (loaded.rows.get(keyOf(it)) ?? 0), 0);
  const were = (some: readonly TableContents[]) => some.reduce((sum, it) => sum + (it.rows ?? 0), 0);
  const missing = tables.filter((it) => !loaded.rows.has(keyOf(it)));
  const differ = counted.filter((it) => loaded.rows.has(keyOf(it)) && loaded.rows.get(keyOf(it)) !== it.rows);
  const known = new Set(expected.tables.map(keyOf));
  const extra = [...loaded.rows.keys()].filter((key) => !known.has(key));
  const behind = expected.sequences.filter((it) => isBehind(it, loaded.sequences.get(keyOf(it))));
  return {
    unit: "rows",
    thing: "table",
    things: tables.length,
    expected: were(counted),
    found: found(counted),
    findings: [
      ...refusal("tables-missing", missing.length, `${missing.length} of ${tables.length} tables are not there`),
      ...refusal(
        "rows-differ",
        differ.length,
        `${differ.length} of ${counted.length} tables differ: they hold ${found(differ)} rows instead of ${were(differ)}`,
      ),
      ...refusal("tables-unexpected", extra.length, `${extra.length} tables are there that the backup does not list`),
      ...refusal(
        "sequences-behind",
        behind.length,
        `${behind.length} of ${expected.sequences.length} sequences are missing or would give numbers again`,
      ),
      ...refusal(
        "large-objects-differ",
        Math.abs(loaded.largeObjects - expected.largeObjects),
        `${loaded.largeObjects} of ${expected.largeObjects} large objects are there`,
      ),
      ...refusal("indexes-invalid", loaded.invalidIndexes, `${loaded.invalidIndexes} indexes are not valid`),
      ...objectsDiffer(expected, loaded),
      ...notes(expected, tables, expected.settings.filter((it) => !loaded.settings.includes(it)).length, policiesLeftOut),
    ],
  };
}

/** A sequence may have gone on between the moment it was read and the dump, so further is right; before is not. */
function isBehind(was: SequenceContents, next: bigint | undefined): boolean {
  if (next === undefined) return true;
  const increment = BigInt(was.increment);
  const expected = nextOf(was.last, was.called, increment);
  return increment > 0n ? next < expected : next > expected;
}

export const nextOf = (last: string, called: boolean, increment: bigint): bigint => BigInt(last) + (called ? increment : 0n);

function refusal(name: string, wrong: number, message: string): Finding[] {
  if (wrong === 0) return [];
  return [{ name, severity: "refuse", message, hint: "`holdfast fetch … contents.json` has the names and the numbers to compare with." }];
}

function objectsDiffer({ objects = {} }: DatabaseContents, loaded: Loaded): Finding[] {
  const differ = Object.entries(objects).filter(([name, number]) => loaded.objects[name] !== number);
  if (differ.length === 0) return [];
  const told = differ.map(([name, number]) => `${loaded.objects[name] ?? 0} of ${number} ${words(name)}`).join(", ");
  return [
    {
      name: "objects-differ",
      severity: "doubt",
      message: `of definitions there are ${told}`,
      hint: "All rows are there. Compare the definitions with those of the source.",
    },
  ];
}

function notes({ aside, tables }: DatabaseContents, plain: readonly TableContents[], settings: number, policies: number): Finding[] {
  const note = (name: string, message: string, hint: string): Finding => ({ name, severity: "note", message, hint });
  const left = Object.entries(aside).filter(([, number]) => number > 0);
  const uncounted = plain.filter((it) => it.without === "not-counted").length;
  const without = tables.filter((it) => it.without !== undefined && it.without !== "not-counted").length;
  return [
    ...(left.length > 0
      ? [
          note(
            "left-out",
            `not restored: ${left.map(([name, number]) => `${number} ${words(name)}`).join(", ")}`,
            "They need a superuser, or would make a copy reach out to the systems of the original. The archive has them.",
          ),
        ]
      : []),
    ...(settings > 0
      ? [
          note(
            "settings-left-out",
            `${settings} parameters of the database are not set`,
            "Setting them takes rights that the loading role has not. contents.json has them.",
          ),
        ]
      : []),
    ...(policies > 0
      ? [
          note(
            "policies-left-out",
            `${policies} row-level security policies are for roles that the target lacks`,
            "Their tables show those roles nothing. Make the roles first to have them.",
          ),
        ]
      : []),
    ...(uncounted > 0
      ? [
          note(
            "tables-not-compared",
            `${uncounted} tables were not counted when they were dumped, so they were loaded and not compared`,
            "Their data was read to its end when the backup was verified.",
          ),
        ]
      : []),
    ...(without > 0
      ? [
          note(
            "tables-without-rows",
            `${without} tables have no rows in the backup`,
            "The plan leaves them out, or accepted that they could not be read.",
          ),
        ]
      : []),
  ];
}

/** `materializedViews` to `materialized views`. */
const words = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

// ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Counts everything in one snapshot. `session` must be the loading role's own: a dump can put a view in a table's place, and what that runs would else
 * run with more rights. Tables that force their policies on their owner stop doing so in this transaction, which is rolled back.
 */
export async function lookAtLoaded(session: Session, objects: (session: Session) => Promise<Record<string, number>>): Promise<Loaded> {
  await session.query("taking a snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    await session.query("forbidding hidden rows", "SET LOCAL row_security = off");
    const tables = await session.query<{ schema: string; name: string; forced: boolean }>("listing tables", TABLES);
    const rows = new Map<string, number>();
    for (const table of tables) rows.set(keyOf(table), await countRows(session, table));
    const [other] = await session.query<{ largeObjects: number; invalidIndexes: number }>("looking at indexes and large objects", OTHER);
    const settings = (await session.query<{ setting: string }>("reading settings", SETTINGS)).map((row) => row.setting);
    return {
      rows,
      settings,
      sequences: await readNext(session),
      largeObjects: other?.largeObjects ?? 0,
      invalidIndexes: other?.invalidIndexes ?? 0,
      objects: await objects(session),
    };
  } finally {
    await session.query("leaving the snapshot", "ROLLBACK");
  }
}

async function countRows(session: Session, table: { schema: string; name: string; forced: boolean }): Promise<number> {
  const name = qualified(table.schema, table.name);
  if (table.forced) await session.query("seeing all rows", `ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`);
  const [row] = await session.query<{ rows: string }>("counting rows", `SELECT count(*) AS rows FROM ONLY ${name}`);
  return Number(row?.rows);
}

async function readNext(session: Session): Promise<Map<string, bigint>> {
  const next = new Map<string, bigint>();
  for (const sequence of await session.query<{ schema: string; name: string; increment: string }>("listing sequences", SEQUENCES)) {
    const [row] = await session.query<{ last: string; called: boolean }>(
      "reading a sequence",
      `SELECT last_value::text AS last, is_called AS called FROM ${qualified(sequence.schema, sequence.name)}`,
    );
    if (row) next.set(keyOf(sequence), nextOf(row.last, row.called, BigInt(sequence.increment)));
  }
  return next;
}

const OURS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')`;
const TABLES = `SELECT n.nspname AS schema, c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND ${OURS} ORDER BY 1, 2`;
const SEQUENCES = `SELECT n.nspname AS schema, c.relname AS name, s.seqincrement::text AS increment
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid WHERE ${OURS} ORDER BY 1, 2`;
const OTHER = `SELECT (SELECT count(*)::float8 FROM pg_largeobject_metadata) AS "largeObjects",
  (SELECT count(*)::int FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid AND c.relkind = 'i') AS "invalidIndexes"`;
