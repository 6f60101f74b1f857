import { network } from "@holdfast/core";
import { z } from "zod";
import { dump } from "./dump.ts";

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints */
const LONGEST_NAME = 63;
/** A name as RDS takes it; it keeps them in lower case. */
const identifier = z
  .string()
  .max(LONGEST_NAME)
  .regex(/^[a-z](-?[a-z0-9])*$/, "use lower-case letters, digits and single hyphens, a letter first, no hyphen last");

/** IAM gives no rights on an alias, and RDS tells keys by ARN. */
const key = z
  .string()
  .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, "is not the ARN of a KMS key (an alias or an id is none)");

/** The rds part of a source in the plan. */
export const config = z.strictObject({
  /** The DB instance's identifier. */
  instance: identifier,
  /**
   * The key that its snapshots are to be under: the instance's own where it has one, else one under which each snapshot is encrypted anew by a copy,
   * being unencrypted or under AWS's own key aws/rds. Without it they stay as they are, and nothing under an own key can be copied.
   */
  key: key.optional(),
  /** Minutes from the slot on to wait for an instance that is busy, before its newest automated snapshot is copied instead. A Lambda lives 15. */
  wait: z.number().int().min(0).max(12).default(10),
  network: network.optional(),
  /** The dump that goes with the snapshots: `{name}-dump`. */
  dump,
});
export type Config = z.infer<typeof config>;

/** The rds part of a target in the plan: where restores go, and what they take from here instead of from the backup. */
export const target = z.strictObject({
  /** How the identifier of everything made begins; the restoring role can change and delete nothing else. */
  names: z
    .string()
    .max(20)
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*-$/, "use lower-case letters, digits and single hyphens, a letter first and a hyphen last")
    .default("restored-"),
  instanceClass: z
    .string()
    .regex(/^db\.[a-z0-9.-]+$/)
    .optional(),
  subnetGroup: z.string().min(1).optional(),
  securityGroups: z
    .array(z.string().regex(/^sg-[0-9a-z]+$/))
    .min(1)
    .optional(),
  parameterGroup: z.string().min(1).optional(),
  optionGroup: z.string().min(1).optional(),
  multiAz: z.boolean().optional(),
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
