/**
 * @module @holdfast/sources/postgres
 * PostgreSQL 14 to 18: logical dumps with exact row counts, full reads, restores into databases of their own.
 *
 * This file is pure; `capture.ts`, `read.ts` and `restore.ts` hold the verbs. They start clients of the layer `postgres` and nothing else,
 * never write to a source, and never touch a database at a target that their execution did not make.
 */
import type { Kind, Needs } from "@holdfast/core";
import { type Config, config, type Target, target } from "./config.ts";
import { type Native, native } from "./native.ts";

/** The layer with pg_dump, pg_restore, psql and pg_dumpall of each major version; `scripts/layers.mjs` builds it. */
export const LAYER = "postgres";

function needs(_verb: "capture" | "read" | "restore", where?: Config | Target): Needs {
  return { secrets: where ? [where.connection] : [], layers: [LAYER], vpc: where?.network, allow: [] };
}

export const postgres: Kind<Config, Native, Target> = {
  name: "postgres",
  config,
  native,
  target,
  verified: ["present", "intact", "readable"],
  portable: true,
  needs,
};

/** The name under which generated entries import it. */
export { postgres as kind };
