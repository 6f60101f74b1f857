import { z } from "zod";

/** Name of the artifact. */
export const CONTENTS = "contents.json";
export const GLOBALS = "globals.sql";

const count = z.number().int().nonnegative();
const oid = z.number().int().positive();

const table = z.strictObject({
  oid,
  schema: z.string(),
  name: z.string(),
  kind: z.enum(["table", "partitioned", "foreign", "extension"]),
  partition: z.literal(true).optional(),
  /** Exact, of the dump's own snapshot. Only where the dump holds the table's rows. */
  rows: count.optional(),
  /** Why a plain table has no `rows`: its data is not in the dump, or it was not counted in time and is. */
  without: z.enum(["excluded", "row-level-security", "unreadable", "unlogged", "not-counted"]).optional(),
});
const sequence = z.strictObject({
  schema: z.string(),
  name: z.string(),
  /** As the server says them, since they may pass what a JSON number holds. Read just before the dump: sequences obey no snapshot. */
  last: z.string(),
  called: z.boolean(),
  increment: z.string(),
});
const locale = z.strictObject({
  encoding: z.string(),
  provider: z.enum(["libc", "icu", "builtin"]),
  collate: z.string(),
  ctype: z.string(),
  locale: z.string().optional(),
  rules: z.string().optional(),
});
const database = z.strictObject({
  name: z.string(),
  dump: z.string(),
  /** The exported snapshot that the dump and the counts shared. */
  snapshot: z.string(),
  locale,
  /** `ALTER DATABASE … SET`, as `name=value`. */
  settings: z.array(z.string()),
  extensions: z.array(z.strictObject({ name: z.string(), version: z.string(), schema: z.string(), schemaOid: oid, trusted: z.boolean() })),
  tables: z.array(table),
  sequences: z.array(sequence),
  largeObjects: count,
  /** How many of each the dump defines; absent where what was left out makes it uncertain. */
  objects: z.record(z.string(), count).optional(),
  /** Policies for certain roles only; a server without those roles cannot have them. */
  policies: z.array(z.strictObject({ oid, roles: z.array(z.string()) })),
  /** In the archive, and left out by a restore. */
  aside: z.strictObject({ eventTriggers: count, publications: count, subscriptions: count, userMappings: count }),
});

/** What a backup holds, by name. It is an artifact of its own and encrypted, because names are data too. */
export const contents = z.strictObject({
  format: z.literal("holdfast-postgres-contents/1"),
  server: z.string(),
  client: z.string(),
  databases: z.array(database),
});
export type Contents = z.infer<typeof contents>;
export type DatabaseContents = z.infer<typeof database>;
export type TableContents = z.infer<typeof table>;
export type SequenceContents = z.infer<typeof sequence>;

/** Totals of one database, as its native part has them. */
export function totals(of: DatabaseContents) {
  return {
    tables: of.tables.filter((it) => it.kind === "table").length,
    rows: of.tables.reduce((sum, it) => sum + (it.rows ?? 0), 0),
    uncounted: of.tables.filter((it) => it.without === "not-counted").length,
    sequences: of.sequences.length,
    largeObjects: of.largeObjects,
    extensions: of.extensions.map((it) => it.name),
  };
}
