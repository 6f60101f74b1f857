import { isIP } from "node:net";
import { network } from "@holdfast/core";
import { z } from "zod";

/** PostgreSQL cuts identifiers at NAMEDATALEN - 1 bytes, silently; a longer name would mean another object than the one typed. */
const IDENTIFIER_BYTES = 63;

/** A name as PostgreSQL takes it: any characters but control ones, at most 63 bytes of UTF-8. */
export const identifier = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= IDENTIFIER_BYTES, `is longer than PostgreSQL's ${IDENTIFIER_BYTES} bytes`)
  .refine((name) => !/\p{Cc}/u.test(name), "holds a control character");

/** One host: a name or an address. libpq would read a comma as several hosts and a slash as a socket folder. */
export const host = z
  .string()
  .refine((text) => isIP(text) > 0 || /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(text), "is neither a host name nor an address");
export const port = z.number().int().min(1).max(65535);

/** What the server's certificate must show; words are libpq's. `prefer` and `allow` are missing on purpose: anybody on the way can switch them off. */
export const tlsMode = z.enum(["verify-full", "verify-ca", "require", "disable"]);
export type TlsMode = z.infer<typeof tlsMode>;

const tls = z.strictObject({
  /** Default: `verify-full`, but `disable` on loopback. Stands above the secret's `sslmode`. */
  mode: tlsMode.optional(),
  /** PEM of the authority that signed the server's certificate, or `rds` for Amazon's bundle. Default: Amazon's for its own host names, else the public ones. */
  ca: z.union([z.literal("rds"), z.string().regex(/-----BEGIN CERTIFICATE-----/)], 'is neither "rds" nor a PEM certificate').optional(),
});

/** Name of the secret in Secrets Manager: JSON with username and password, and host, port, dbname, sslmode and ca where the plan does not say. */
const connection = z.string().min(1);

/** How to reach a server; the same for sources and targets. */
const server = {
  /** Secrets that RDS manages hold no host. */
  host: host.optional(),
  port: port.optional(),
  tls: tls.optional(),
  /** Where the function must stand to reach the server. Default: outside of any VPC. */
  network: network.optional(),
};

/** A table as `schema.table`, each part in double quotes where it holds a dot, a quote or upper case. */
export const tableName = z
  .string()
  .regex(/^([^".]+|"([^"]|"")+")\.([^".]+|"([^"]|"")+")$/, 'must be schema.table, with "quotes" around a part that holds a dot or a quote');

/** What would make a dump incomplete, by the name of its finding. Only these can be accepted. */
export const incompleteness = ["row-level-security", "unreadable-tables", "unreadable-large-objects"] as const;
export type Incompleteness = (typeof incompleteness)[number];

/** A name as RDS takes it: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints */
const rdsIdentifier = z
  .string()
  .max(63)
  .regex(/^[a-z](-?[a-z0-9])*$/, "use lower-case letters, digits and single hyphens, a letter first, no hyphen last");
/** A role in the database. It stands in an ARN, where `*`, `?` and `$` would mean more than themselves. */
const iamUser = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.@+-]{0,62}$/,
    "use letters, digits and _ . @ + -, a letter or _ first, at most 63, for it stands in an ARN",
  );

const fields = z.strictObject({
  connection: connection.optional(),
  ...server,
  /** Logs in as this role by authentication tokens of IAM instead of by a secret: no password stands anywhere. */
  iam: z.strictObject({ user: iamUser }).optional(),
  /** The database at RDS whose endpoint (a cluster's writer) is looked up at each backup. */
  rds: z.strictObject({ cluster: rdsIdentifier.optional(), instance: rdsIdentifier.optional() }).optional(),
  /** Where an IAM login asks about the server itself; default `postgres`. A secret says it as `dbname`. */
  database: identifier.optional(),
  /** Databases by name, or `all`: every one that lets anybody in, found anew at each backup. */
  databases: z
    .union(
      [
        z.literal("all"),
        z
          .array(identifier)
          .min(1)
          .refine((names) => new Set(names).size === names.length, "names a database twice"),
      ],
      'is neither "all" nor a list of names',
    )
    .default("all"),
  /** Seconds to wait for a table that a migration holds, before the backup gives up rather than queue in front of everybody else. */
  lockTimeout: z.number().int().min(1).max(600).default(30),
  /** Tables of which only the definition is kept: sessions, caches, tokens. */
  excludeData: z.array(tableName).default([]),
  /** What the operator accepts to be missing. Without it such a finding stops the backup. */
  allowIncomplete: z.array(z.enum(incompleteness)).default([]),
});
type Fields = z.output<typeof fields>;

/** Which database of RDS. */
export type OfRds = { cluster: string; instance?: undefined } | { instance: string; cluster?: undefined };
type BySecret = { connection: string; iam?: undefined; rds?: undefined };
export type ByToken = { iam: { user: string }; rds: OfRds; connection?: undefined };
/** The postgres part of a source in the plan. */
export type Config = Omit<Fields, "connection" | "iam" | "rds"> & (BySecret | ByToken);

/** Logs in either by a secret or by tokens of IAM. */
export const config = fields.transform((given, check): Config => {
  const refuse = (path: string[], message: string) => check.addIssue({ code: "custom", path, message });
  const { connection, iam, rds, ...rest } = given;
  if (connection !== undefined) {
    for (const field of ["iam", "rds", "database"] as const) if (given[field] !== undefined) refuse([field], TAKEN[field]);
    return { ...rest, connection };
  }
  if (!iam) refuse(rds ? ["iam"] : ["connection"], rds ? 'add the role that logs in: iam: { user: "…" }' : NO_LOGIN);
  for (const field of ["host", "port"] as const) if (given[field] !== undefined) refuse([field], "is looked up at RDS, so leave it out");
  if ((given.tls?.mode ?? "verify-full") !== "verify-full")
    refuse(["tls", "mode"], "a token is a password: with iam it is always verify-full, so leave it out");
  const of = ofRds(rds);
  if (!of && iam) refuse(["rds"], 'name the database at RDS: either { cluster: "…" } or { instance: "…" }');
  return iam && of ? { ...rest, iam, rds: of } : z.NEVER;
});

const NO_LOGIN = 'name a secret, or log in to RDS by tokens: iam: { user: "…" } and rds: { cluster: "…" } or { instance: "…" }';
const TAKEN = {
  iam: "logs in without a secret, so take either it or connection out",
  rds: "is for logins by iam; with connection the secret or host says where the server is",
  database: "stands as dbname in the secret",
};

function ofRds({ cluster, instance }: NonNullable<Fields["rds"]> = {}): OfRds | undefined {
  if (cluster !== undefined && instance !== undefined) return undefined;
  return cluster !== undefined ? { cluster } : instance !== undefined ? { instance } : undefined;
}

/** The postgres part of a target in the plan. */
export const target = z.strictObject({
  connection,
  ...server,
  /** Role that owns what a restore made. Default: the login of the secret. */
  owner: identifier.optional(),
  /** Extensions that a restore may create with the rights of the secret's login. Trusted ones need no mention. */
  extensions: z.array(identifier).default([]),
});
export type Target = z.infer<typeof target>;
