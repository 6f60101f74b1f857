import { network } from "@holdfast/core";
import { z } from "zod";

/** What plan and manifests say of instances and of clusters alike. Pure, like the files of both kinds that take it. */

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints */
const LONGEST_NAME = 63;
/** A name as RDS takes it; it keeps them in lower case. */
export const identifier = z
  .string()
  .max(LONGEST_NAME)
  .regex(/^[a-z](-?[a-z0-9])*$/, "use lower-case letters, digits and single hyphens, a letter first, no hyphen last");

/** IAM gives no rights on an alias, and RDS tells keys by ARN. */
export const key = z
  .string()
  .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, "is not the ARN of a KMS key (an alias or an id is none)");

/** Minutes; a Lambda lives 15. */
export const wait = z.number().int().min(0).max(12).default(10);

/** As kind postgres has it: the role stands in an ARN, where `*`, `?` and `$` would mean more than themselves. */
const user = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.@+-]{0,62}$/,
    "use letters, digits and _ . @ + -, a letter or _ first, at most 63, for it stands in an ARN",
  );

/** As kind postgres has it, where words are libpq's. */
const tls = z.strictObject({
  mode: z.enum(["verify-full", "verify-ca", "require", "disable"]).optional(),
  ca: z.union([z.literal("rds"), z.string().regex(/-----BEGIN CERTIFICATE-----/)], 'is neither "rds" nor a PEM certificate').optional(),
});

/** Fields of a target of either kind. */
export const target = {
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
  port: z.number().int().min(1150).max(65535).optional(),
  publiclyAccessible: z.boolean().optional(),
  /** The one key that backups are under: the role may then use no other. */
  key: key.optional(),
  /** Name of the secret (JSON with username and password, dbname) of somebody who lives inside the backup: a restore of PostgreSQL then proves itself by asking. */
  connection: z.string().min(1).optional(),
  /** A role that lives inside the backup and logs in by tokens of IAM, where what was restored takes them: no password stands anywhere. */
  iam: z.strictObject({ user }).optional(),
  /** How such a login trusts the server. Default: verify-full against Amazon's authorities for its own host names; tokens go nowhere else. */
  tls: tls.optional(),
  /** Hours that a restore may take. */
  hours: z.number().positive().max(72).default(12),
  network: network.optional(),
};

export const text = z.string().max(255);
export const count = z.number().int().nonnegative();

/** The snapshot that a backup is. */
export const snapshot = z.strictObject({
  arn: z.string().max(512),
  id: text,
  /** The database's identifier, and the id that tells it from another one of the same name. */
  of: text,
  resource: text,
  engine: text,
  version: text,
  /** Of an instance what is allocated, of Aurora about what is used. */
  gigabytes: count,
  /** The key's ARN; undefined where it is unencrypted. */
  key: z.string().max(512).optional(),
  /** When its data are from. */
  taken: z.iso.datetime(),
  /** `copied`: of the newest automated snapshot, because the database could not be snapshotted then. */
  how: z.enum(["taken", "copied"]),
});
