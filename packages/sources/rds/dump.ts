import type { Network } from "@holdfast/core";
import { z } from "zod";

/** What else a dump may say of itself; checked where every source is, under the name of the source that it becomes. */
const own = z.unknown().optional();

/**
 * The portable half of the backups of a database at RDS: on unless the plan says `false`, which databases that are not PostgreSQL's must, since a
 * plan does not know the engine. Schedule and keep are the snapshots' own where it names none.
 */
export const dump = z
  .union([
    z.literal(false),
    z.strictObject({
      /** The role that logs in by tokens of IAM; docs/deploy.md has the SQL that makes it. */
      user: z.string().default("holdfast_backup"),
      database: own,
      databases: own,
      excludeData: own,
      allowIncomplete: own,
      lockTimeout: own,
      tls: own,
      network: own,
      schedule: own,
      keep: own,
      copies: own,
      alarmHours: own,
    }),
  ])
  .prefault({});
export type Dump = z.output<typeof dump>;

/** The source `{name}-dump` that a source of RDS brings along, of kind postgres; none where the plan says so. */
export function bringDump(
  name: string,
  { dump: wanted, network }: { dump: Dump; network?: Network | undefined },
  rds: { cluster: string } | { instance: string },
): Record<string, unknown> {
  if (wanted === false) return {};
  const { user, ...rest } = wanted;
  const said = Object.fromEntries(Object.entries({ network, ...rest }).filter(([, value]) => value !== undefined));
  return { [`${name}-dump`]: { kind: "postgres", iam: { user }, rds, ...said } };
}
