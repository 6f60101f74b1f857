import type { Finding } from "@holdfast/core";
import type { Archive } from "./archive.ts";
import { type Contents, type DatabaseContents, totals } from "./contents.ts";
import type { Native } from "./native.ts";

/** Compares what an archive holds with what was counted in its snapshot. No table is named: findings end up in evidence, which is not encrypted. */
export function compareArchive(archive: Archive, expected: DatabaseContents): Finding[] {
  const known = new Map(expected.tables.map((table) => [table.oid, table]));
  const withData = expected.tables.filter(
    (table) => table.kind === "table" && (table.rows !== undefined || table.without === "not-counted"),
  );
  const missing = withData.filter((table) => !archive.rows.has(table.oid));
  const other = withData.filter(
    (table) => table.rows !== undefined && archive.rows.has(table.oid) && archive.rows.get(table.oid) !== table.rows,
  );
  const extra = [...archive.rows.keys()].filter(
    (oid) => known.get(oid)?.kind !== "extension" && !withData.some((table) => table.oid === oid),
  );
  const found = (of: typeof other) => of.reduce((sum, table) => sum + (archive.rows.get(table.oid) ?? 0), 0);
  const counted = (of: typeof other) => of.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  return [
    ...refusal("tables-missing", missing.length, `${expected.dump}: the data of ${missing.length} of ${withData.length} tables is missing`),
    ...refusal(
      "tables-unexpected",
      extra.length,
      `${expected.dump}: it holds data of ${extra.length} tables that contents.json does not list`,
    ),
    ...refusal(
      "rows-differ",
      other.length,
      `${expected.dump}: ${other.length} of ${withData.length} tables hold ${found(other)} rows where ${counted(other)} were counted`,
    ),
    ...refusal(
      "sequences-missing",
      expected.sequences.length - archive.sequences,
      `${expected.dump}: ${archive.sequences} of ${expected.sequences.length} sequences are there`,
    ),
    ...refusal(
      "large-objects-differ",
      Math.abs(expected.largeObjects - archive.largeObjects),
      `${expected.dump}: ${archive.largeObjects} of ${expected.largeObjects} large objects are there`,
    ),
  ];
}

function refusal(name: string, wrong: number, message: string): Finding[] {
  if (wrong <= 0) return [];
  return [
    {
      name,
      severity: "refuse",
      message,
      hint: "Do not rely on this backup. `holdfast fetch … contents.json` has the names; the next backup of the source shows whether it was chance.",
    },
  ];
}

/** Why the encrypted contents and the manifest's own part cannot be about the same backup; undefined: they agree. */
export function disagreement(contents: Contents, native: Native, artifacts: readonly { name: string }[]): string | undefined {
  if (contents.databases.length !== native.databases.length)
    return `lists ${contents.databases.length} databases, the manifest ${native.databases.length}`;
  for (const [i, said] of native.databases.entries()) {
    const of = contents.databases[i];
    if (!of || of.name !== said.name || of.dump !== said.dump) return `and the manifest disagree about database ${i + 1}`;
    if (!artifacts.some((it) => it.name === said.dump)) return `lists ${said.dump}, which the backup does not have`;
    const expected: Record<string, unknown> = { ...totals(of) };
    const wrong = Object.keys(expected).filter((key) => JSON.stringify(expected[key]) !== JSON.stringify(said[key as keyof typeof said]));
    if (wrong.length > 0) return `and the manifest disagree about the ${wrong.join(", ")} of database ${i + 1}`;
  }
  return undefined;
}
