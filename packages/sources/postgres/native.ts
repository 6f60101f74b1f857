import { z } from "zod";
import { incompleteness } from "./config.ts";

/** A manifest's native part may hold 32 KiB; a database with the longest name and a dozen extensions takes 500 bytes of it. */
export const MOST_DATABASES = 50;

const count = z.number().int().nonnegative();

const database = z.strictObject({
  name: z.string(),
  /** Name of its artifact. */
  dump: z.string(),
  /** `pg_database_size` at the time, which indexes and dead rows swell. */
  bytes: count,
  tables: count,
  /** Exact, over the tables that were counted. */
  rows: count,
  /** Tables whose count did not finish in its time; they are in the dump all the same. */
  uncounted: count,
  sequences: count,
  largeObjects: count,
  /** Extensions by name, but for those that every database has. A restore must have them all. */
  extensions: z.array(z.string()),
});

/** What a manifest tells of a postgres backup in the clear: no table's name. Those stand in the encrypted `contents.json`. */
export const native = z.strictObject({
  format: z.literal("holdfast-postgres/1"),
  /** As `server_version_num`: 170011 is 17.11. */
  server: z.number().int().min(140000),
  /** Version of pg_dump that wrote the archives, `17.11`. */
  client: z.string(),
  databases: z.array(database).min(1).max(MOST_DATABASES),
  /** Whether `globals.sql` is among the artifacts. */
  globals: z.boolean(),
  /** What the operator accepted to be missing, and is. */
  incomplete: z.array(z.enum(incompleteness)),
});
export type Native = z.infer<typeof native>;
export type NativeDatabase = z.infer<typeof database>;
