/**
 * @module @holdfast/sources/postgres
 * PostgreSQL 14 to 18: logical dumps with exact row counts, full reads, restores into databases of their own.
 *
 * This file is pure; `capture.ts`, `read.ts` and `restore.ts` hold the verbs. They start clients of the layer `postgres` and nothing else,
 * never write to a source, and never touch a database at a target that their execution did not make.
 */
import type { Kind, Needs, Verb } from "@holdfast/core";
import { type ByToken, type Config, config, type Target, target } from "./config.ts";
import { type Native, native } from "./native.ts";

/** The layer with pg_dump, pg_restore, psql and pg_dumpall of each major version; `scripts/layers.mjs` builds it. */
export const LAYER = "postgres";

function needs(_verb: Verb, where?: Config | Target): Needs {
  const secrets = where?.connection === undefined ? [] : [where.connection];
  return { secrets, layers: [LAYER], vpc: where?.network, allow: where && "iam" in where && where.iam ? logsIn(where) : [] };
}

/** Its endpoint is looked up by name; the login is for that very database, which another of its name would not be. */
function logsIn({ iam, rds }: ByToken): Needs["allow"] {
  const arn = (service: string, resource: string) => `arn:aws:${service}:{region}:{account}:${resource}`;
  const look = rds.cluster
    ? { actions: ["rds:DescribeDBClusters"], resources: [arn("rds", `cluster:${rds.cluster}`)] }
    : { actions: ["rds:DescribeDBInstances"], resources: [arn("rds", `db:${rds.instance}`)] };
  return [look, { actions: ["rds-db:connect"], resources: [arn("rds-db", `dbuser:{resource}/${iam.user}`)] }];
}

export const postgres: Kind<Config, Native, Target> = {
  name: "postgres",
  config,
  native,
  target,
  verified: ["present", "intact", "readable"],
  portable: true,
  needs,
  looksUp: ({ rds }) => rds,
};

/** The name under which generated entries import it. */
export { postgres as kind };
