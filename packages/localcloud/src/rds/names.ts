import { common } from "./faults.ts";

/**
 * A name as RDS keeps it: lower case. Letters, digits and hyphens, a letter first, no hyphen last and no two in a row.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html and its neighbours. Throws InvalidParameterValue.
 */
export function named(parameter: string, given: string, longest: number): string {
  const fits = given.length <= longest && /^[a-z][a-z0-9-]*$/i.test(given) && !given.endsWith("-") && !given.includes("--");
  if (!fits) throw common.InvalidParameterValue(`The parameter ${parameter} is not a valid identifier. ${RULE}`);
  return given.toLowerCase();
}

const RULE =
  "Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.";

/** RDS's kinds of resources as they stand in ARNs. */
export type ArnKind =
  | "db"
  | "cluster"
  | "snapshot"
  | "cluster-snapshot"
  | "subgrp"
  | "pg"
  | "cluster-pg"
  | "og"
  | "auto-backup"
  | "cluster-auto-backup";
export type Place = { account: string; region: string };
export type Arn = Place & { kind: ArnKind; name: string };

export function arn({ region, account }: Place, kind: ArnKind, name: string): string {
  return `arn:aws:rds:${region}:${account}:${kind}:${name}`;
}

/** Undefined when it is no ARN. Throws InvalidParameterValue when it is one of something else. */
export function parseArn(text: string): Arn | undefined {
  if (!text.startsWith("arn:")) return undefined;
  const [, partition, service, region, account, kind, ...rest] = text.split(":");
  if (partition !== "aws" || service !== "rds" || !region || !account || !kind || rest.length === 0)
    throw common.InvalidParameterValue(`Invalid resource name: ${text}`);
  return { region, account, kind: kind as ArnKind, name: rest.join(":").toLowerCase() };
}
