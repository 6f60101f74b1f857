import type { Finding } from "@holdfast/core";
import type { Config, Incompleteness } from "./config.ts";
import type { Inspection, Table } from "./inspect.ts";

/** Why rows of a table are not in the dump; undefined: they are. */
export type Left = "excluded" | "row-level-security" | "unreadable" | "unlogged";

/** What pg_dump cannot see without leaving the table out altogether, and tables whose rows it must leave out. */
export function leftOut(table: Table, { standby }: Pick<Inspection, "standby">): Left | undefined {
  if (table.kind === "foreign") return undefined;
  if (!table.readable) return "unreadable";
  if (table.kind === "partitioned") return undefined;
  if (table.excluded) return "excluded";
  if (table.filtered) return "row-level-security";
  return standby && table.unlogged ? "unlogged" : undefined;
}

/** Names of tables in a message: enough to act on, not a list that nobody reads. */
const NAMED = 5;
function named(things: readonly { schema: string; name: string }[]): string {
  const names = things.slice(0, NAMED).map(({ schema, name }) => `${schema}.${name}`);
  return names.join(", ") + (things.length > NAMED ? ` and ${things.length - NAMED} more` : "");
}

type Allow = Pick<Config, "allowIncomplete">;

/**
 * Everything that would make the dump of one database incomplete or hard to restore. What the plan accepts becomes a note without names, since
 * notes end up in the manifest, which anybody with the bucket can read; refusals go to the operator alone and name names.
 */
export function findIncomplete(database: string, found: Inspection, config: Allow): Finding[] {
  const left = (why: Left) => found.tables.filter((table) => leftOut(table, found) === why);
  return [
    ...lacking(database, config, "unreadable-tables", left("unreadable"), "tables cannot be read", UNREADABLE),
    ...lacking(
      database,
      config,
      "row-level-security",
      left("row-level-security"),
      "tables hide rows from the login by row-level security",
      FILTERED,
    ),
    ...largeObjects(database, config, found),
    ...sequences(database, found),
    ...orphans(database, found),
    ...notes(database, found, left("unlogged").length),
  ];
}

const UNREADABLE = "Grant the login USAGE on the schemas and SELECT on the tables, or make it a member of pg_read_all_data.";
const FILTERED = "Give the login BYPASSRLS (a superuser or, from 16, a role that has it can), or let it own the tables.";
const ACCEPTED = "The plan accepts this. contents.json of the backup has the names.";

function lacking(
  database: string,
  { allowIncomplete }: Allow,
  name: Incompleteness,
  tables: readonly Table[],
  what: string,
  hint: string,
): Finding[] {
  if (tables.length === 0) return [];
  if (allowIncomplete.includes(name)) {
    return [{ name, severity: "note", message: `${database}: ${tables.length} ${what}; their rows are not in the backup`, hint: ACCEPTED }];
  }
  return [
    {
      name,
      severity: "refuse",
      message: `${database}: ${tables.length} ${what}: ${named(tables)}`,
      hint: `${hint} Or list ${name} under allowIncomplete to back up without them.`,
    },
  ];
}

function largeObjects(database: string, { allowIncomplete }: Allow, { largeObjects: { all, readable } }: Inspection): Finding[] {
  const name = "unreadable-large-objects";
  if (all === readable) return [];
  if (allowIncomplete.includes(name)) {
    return [
      {
        name,
        severity: "note",
        message: `${database}: none of its ${all} large objects are in the backup`,
        hint: "The plan accepts this, and pg_dump leaves out all or none.",
      },
    ];
  }
  return [
    {
      name,
      severity: "refuse",
      message: `${database}: ${all - readable} of ${all} large objects cannot be read`,
      hint: `Grant SELECT on them (GRANT SELECT ON LARGE OBJECT …) or back up as their owner. Or list ${name} under allowIncomplete to back up without any.`,
    },
  ];
}

function sequences(database: string, { sequences: all }: Inspection): Finding[] {
  const unreadable = all.filter((sequence) => !sequence.readable);
  if (unreadable.length === 0) return [];
  return [
    {
      name: "unreadable-sequences",
      severity: "refuse",
      message: `${database}: ${unreadable.length} sequences cannot be read: ${named(unreadable)}`,
      hint: "Grant the login USAGE on the schemas and SELECT on the sequences. pg_dump cannot go on without them.",
    },
  ];
}

function orphans(database: string, { orphaned }: Inspection): Finding[] {
  if (orphaned.length === 0) return [];
  return [
    {
      name: "excluded-table-referenced",
      severity: "refuse",
      message: `${database}: ${orphaned.length} tables refer to one whose data is excluded: ${named(orphaned)}`,
      hint: "Such a backup could not be restored: the foreign key would fail. Exclude their data as well, or none of it.",
    },
  ];
}

function notes(database: string, found: Inspection, unlogged: number): Finding[] {
  const untrusted = found.extensions.filter((extension) => !extension.trusted).map((extension) => extension.name);
  const note = (name: string, message: string, hint: string): Finding => ({
    name,
    severity: "note",
    message: `${database}: ${message}`,
    hint,
  });
  return [
    ...(untrusted.length > 0
      ? [
          note(
            "untrusted-extensions",
            `a restore must create ${untrusted.join(", ")}`,
            "List them under the extensions of the targets where that login may create them.",
          ),
        ]
      : []),
    ...(found.missing.length > 0
      ? [
          note(
            "excluded-table-missing",
            `${found.missing.length} tables of excludeData are not in it`,
            "Correct or remove the names in the plan, unless another database has them.",
          ),
        ]
      : []),
    ...(found.standby && !found.feedback
      ? [
          note(
            "standby-conflicts",
            "it is a standby that may cancel a long dump in favour of replay",
            "Set hot_standby_feedback on it, or raise max_standby_streaming_delay.",
          ),
        ]
      : []),
    ...(unlogged > 0
      ? [
          note(
            "unlogged-tables",
            `${unlogged} unlogged tables are empty on a standby; their rows are not in the backup`,
            "Back up from the primary if they matter.",
          ),
        ]
      : []),
  ];
}
