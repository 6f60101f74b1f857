import type { Backup, Finding } from "@holdfast/core";
import type { Contents } from "./contents.ts";
import type { Native } from "./native.ts";

/** What two backups of one source are compared by. `contents` where they could be read. */
export type Weighed = { backup: Pick<Backup<Native>, "artifacts" | "native">; contents: Contents | undefined };

/** Below this share of the backup before, something was probably lost: archiving a year of three takes a third, a lost join or tenant takes more. */
const SHARE = 0.5;
/** Under these numbers a share says nothing: a small table halves on any day. */
const FEW_ROWS = 1000;
const FEW_TABLES = 4;
const FEW_BYTES = 2 ** 20;

/**
 * What looks wrong beside the newest verified backup before it. A doubt stops releases until a person accepts it, so an emptied database
 * never ages out the good ones. Numbers only: findings end up in evidence, which is not encrypted.
 */
export function doubts(now: Weighed, before: Weighed): Finding[] {
  return before.backup.native.databases.flatMap((earlier) => {
    const later = now.backup.native.databases.find((it) => it.name === earlier.name);
    if (!later) return [doubt("database-vanished", `the database ${earlier.name} is in the backup before and not in this one`)];
    const bytes = (of: Weighed, dump: string) => of.backup.artifacts.find((it) => it.name === dump)?.plainBytes ?? 0;
    return [
      ...emptied(earlier.name, earlier, later),
      ...shrunk("rows", earlier.name, earlier.rows, countable(later), FEW_ROWS),
      ...shrunk("tables", earlier.name, earlier.tables, later.tables, FEW_TABLES),
      ...shrunk("bytes", earlier.name, bytes(before, earlier.dump), bytes(now, later.dump), FEW_BYTES),
      ...lostTables(earlier.name, before.contents, now.contents),
    ];
  });
}

/** Tables that nobody had time to count may hold anything; then rows are compared by bytes and by table alone. */
const countable = ({ rows, uncounted }: { rows: number; uncounted: number }) => (uncounted > 0 ? Number.POSITIVE_INFINITY : rows);

function emptied(name: string, earlier: { rows: number }, later: { rows: number; uncounted: number }): Finding[] {
  if (earlier.rows === 0 || countable(later) > 0) return [];
  return [doubt("database-emptied", `${name}: no rows are left of ${earlier.rows}`)];
}

function shrunk(what: string, name: string, earlier: number, later: number, few: number): Finding[] {
  if (earlier < few || later >= earlier * SHARE) return [];
  return [doubt(`fewer-${what}`, `${name}: ${later} ${what}, where the backup before has ${earlier}`)];
}

/** Tables that held many rows and are now empty or gone. */
function lostTables(name: string, before: Contents | undefined, now: Contents | undefined): Finding[] {
  const earlier = before?.databases.find((it) => it.name === name)?.tables ?? [];
  const later = now?.databases.find((it) => it.name === name);
  if (!later) return [];
  const rows = new Map(later.tables.map((it) => [JSON.stringify([it.schema, it.name]), it.without === undefined ? it.rows : undefined]));
  const full = earlier.filter((it) => (it.rows ?? 0) >= FEW_ROWS);
  const empty = full.filter((it) => rows.get(JSON.stringify([it.schema, it.name])) === 0);
  // A partition that was dropped or detached is an ordinary day.
  const gone = full.filter((it) => !it.partition && !rows.has(JSON.stringify([it.schema, it.name])));
  return [
    ...(empty.length > 0
      ? [
          doubt(
            "tables-emptied",
            `${name}: ${tables(empty.length)} that held ${FEW_ROWS} rows or more in the backup before ${empty.length === 1 ? "is" : "are"} empty`,
          ),
        ]
      : []),
    ...(gone.length > 0
      ? [
          doubt(
            "tables-vanished",
            `${name}: ${tables(gone.length)} that held ${FEW_ROWS} rows or more in the backup before ${gone.length === 1 ? "is" : "are"} gone`,
          ),
        ]
      : []),
  ];
}

const tables = (number: number) => (number === 1 ? "one table" : `${number} tables`);

function doubt(name: string, message: string): Finding {
  return {
    name,
    severity: "doubt",
    message,
    hint: "Look at both backups with `holdfast fetch … contents.json`, which has the names. If all is well, `holdfast accept` clears the doubt.",
  };
}
