import type { Session } from "./connect.ts";
import type { DatabaseContents, SequenceContents, TableContents } from "./contents.ts";
import type { Counts } from "./count.ts";
import { leftOut } from "./incomplete.ts";
import type { Inspection, Sequence, Table } from "./inspect.ts";
import { fileName, qualified } from "./names.ts";

export const dumpName = (database: string): string => `${fileName(database)}.dump`;

/** Tables whose rows are in the dump under their own name. */
export const withRows = (found: Inspection): Table[] =>
  found.tables.filter((table) => table.kind === "table" && leftOut(table, found) === undefined);

/** Sequences whose state is in the dump: identity columns go with their table, and a standby has none of the unlogged ones. */
export function dumpedSequences(found: Inspection): Sequence[] {
  const unreadable = new Set(found.tables.filter((table) => leftOut(table, found) === "unreadable").map((table) => table.oid));
  return found.sequences.filter((it) => !(it.identityOf !== null && unreadable.has(it.identityOf)) && !(found.standby && it.unlogged));
}

/** Enough for one statement of reasonable length. */
const AT_ONCE = 100;

export async function readSequences(session: Session, sequences: readonly Sequence[]): Promise<SequenceContents[]> {
  const read: SequenceContents[] = [];
  for (let i = 0; i < sequences.length; i += AT_ONCE) {
    const some = sequences.slice(i, i + AT_ONCE);
    const sql = some.map(
      (it, at) => `SELECT ${at} AS at, last_value::text AS last, is_called AS called FROM ${qualified(it.schema, it.name)}`,
    );
    const rows = await session.query<{ at: number; last: string; called: boolean }>("reading sequences", sql.join(" UNION ALL "));
    for (const { at, last, called } of rows) {
      const it = some[at];
      if (it) read.push({ schema: it.schema, name: it.name, last, called, increment: it.increment });
    }
  }
  return read;
}

export function describe(
  database: string,
  snapshot: string,
  found: Inspection,
  sequences: SequenceContents[],
  counts: Counts,
): DatabaseContents {
  const isWhole = found.tables.every((table) => leftOut(table, found) !== "unreadable");
  return {
    name: database,
    dump: dumpName(database),
    snapshot,
    locale: found.locale,
    settings: found.settings,
    extensions: found.extensions,
    tables: found.tables.map((table) => describeTable(table, found, counts)),
    sequences,
    largeObjects: found.largeObjects.readable === found.largeObjects.all ? found.largeObjects.all : 0,
    ...(isWhole ? { objects: found.objects } : {}),
    policies: found.policies,
    aside: found.aside,
  };
}

function describeTable(table: Table, found: Inspection, counts: Counts): TableContents {
  const { oid, schema, name, kind, partition } = table;
  const left = leftOut(table, found);
  const rows = counts.get(oid);
  const plain = { oid, schema, name, kind, ...(partition ? { partition } : {}) } as const;
  if (left) return { ...plain, without: left };
  if (kind !== "table") return plain;
  return rows === undefined ? { ...plain, without: "not-counted" } : { ...plain, rows };
}
