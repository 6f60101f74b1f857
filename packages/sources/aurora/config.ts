import { network } from "@holdfast/core";
import { z } from "zod";
import { dump } from "../rds/dump.ts";

const LONGEST_NAME = 63;
const identifier = z
  .string()
  .max(LONGEST_NAME)
  .regex(/^[a-z](-?[a-z0-9])*$/, "use lower-case letters, digits and single hyphens, a letter first, no hyphen last");

/** IAM gives no rights on an alias, and RDS tells keys by ARN. */
const key = z
  .string()
  .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, "is not the ARN of a KMS key (an alias or an id is none)");

/** The aurora part of a source in the plan. */
export const config = z.strictObject({
  /** The DB cluster's identifier: Aurora's, or a Multi-AZ DB cluster's. */
  cluster: identifier,
  /**
   * The key that its snapshots are to be under: the cluster's own where it has one, else one under which each snapshot is encrypted anew by a copy,
   * being under AWS's own key aws/rds. One that is not encrypted stays so: Aurora cannot do it.
   */
  key: key.optional(),
  /** Minutes from the slot on to wait for a cluster that is busy, before its newest automated snapshot is copied instead. A Lambda lives 15. */
  wait: z.number().int().min(0).max(12).default(10),
  network: network.optional(),
  /** The dump that goes with the snapshots: `{name}-dump`. */
  dump,
});
export type Config = z.infer<typeof config>;

/** The aurora part of a target in the plan: where restores go, and what they take from here instead of from the backup. */
export const target = z.strictObject({
  /** How the identifier of everything made begins; the restoring role can change and delete nothing else. */
  names: z
    .string()
    .max(20)
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*-$/, "use lower-case letters, digits and single hyphens, a letter first and a hyphen last")
    .default("restored-"),
  /** How many of the recorded instances are made; a drill needs one. Default: all. */
  instances: z.number().int().min(1).max(16).optional(),
  instanceClass: z
    .string()
    .regex(/^db\.[a-z0-9.-]+$/)
    .optional(),
  /** Where the recorded one is not offered any more. */
  engineVersion: z.string().min(1).optional(),
  subnetGroup: z.string().min(1).optional(),
  securityGroups: z
    .array(z.string().regex(/^sg-[0-9a-z]+$/))
    .min(1)
    .optional(),
  clusterParameterGroup: z.string().min(1).optional(),
  parameterGroup: z.string().min(1).optional(),
  port: z.number().int().min(1150).max(65535).optional(),
  publiclyAccessible: z.boolean().optional(),
  /** The one key that backups are under: the role may then use no other. */
  key: key.optional(),
  /** Name of the secret (JSON with username and password, dbname) of somebody who lives inside the backup: a restore of PostgreSQL then proves itself by asking. */
  connection: z.string().min(1).optional(),
  /** Hours that a restore may take. */
  hours: z.number().positive().max(72).default(12),
  network: network.optional(),
});
export type Target = z.infer<typeof target>;
