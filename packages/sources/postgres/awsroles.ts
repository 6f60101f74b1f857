import type { Finding } from "@holdfast/core";
import { cutStatements, type Piece, type Token } from "./statements.ts";

/**
 * Roles that AWS makes in a database of RDS or Aurora. Only these: `rds_reports` may well be somebody's own.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.html (rdsadmin, rds_superuser, rds_password, …),
 * …/RDS_Fea_Regions_DB-eng.Feature.KerberosAuthentication.html (rds_ad), …/RDS_delegated_ext.html (rds_extension), …/rds-proxy.html (rdsproxyadmin),
 * …/AuroraUserGuide/aurora-postgresql-write-forwarding.html (rdswriteforwarduser); the others as `\du` shows them.
 */
export const awsRoles: ReadonlySet<string> = new Set([
  "rds_ad",
  "rds_extension",
  "rds_iam",
  "rds_password",
  "rds_replication",
  "rds_reserved",
  "rds_superuser",
  "rdsadmin",
  "rdsproxyadmin",
  "rdsrepladmin",
  "rdstopmgr",
  "rdswriteforwarduser",
]);
/** Every database of RDS has it, and it is the one that no customer can be. */
const MARK = "rdsadmin";

/** Without what only AWS can make; undefined: nothing was of AWS. */
export type WithoutAws = { text: Buffer; left: Finding | undefined };

/**
 * Leaves out of `pg_dumpall --globals-only` every statement on a role that AWS made, and who is a member of one, since no other server has them. What
 * such a role granted between others stays, without its name. On a server that is not RDS's everything stays.
 */
export function leaveOutAws(globals: Buffer): WithoutAws {
  const pieces = [...cutStatements(globals.toString("latin1"))];
  if (!pieces.some((piece) => "tokens" in piece && isMark(piece.tokens))) return { text: globals, left: undefined };
  const roles = new Set<string>();
  const memberships: string[] = [];
  const kept = pieces.map((piece) => keep(piece, roles, memberships));
  return { text: Buffer.from(kept.join(""), "latin1"), left: told([...roles].sort(), memberships) };
}

const isMark = ([first, second, third]: readonly Token[]) => first?.word === "create" && second?.word === "role" && third?.name === MARK;

function keep(piece: Piece, roles: Set<string>, memberships: string[]): string {
  if ("gap" in piece)
    return piece.gap.replaceAll(/\n--\n-- User Config "([^"\n]*)"\n--\n/g, (all, role) => (awsRoles.has(role) ? "" : all));
  const found = rolesIn(piece.tokens).filter((name) => awsRoles.has(name));
  if (found.length === 0) return withoutGrantor(piece.statement, piece.tokens);
  for (const name of found) roles.add(name);
  const member = membership(piece.tokens);
  if (member && ![...member.of, ...member.to].every(isOfServer)) memberships.push(`${member.of.join(", ")} TO ${member.to.join(", ")}`);
  return "";
}

/** What AWS's roles are to each other and to PostgreSQL's own concerns nobody. */
const isOfServer = (name: string) => awsRoles.has(name) || name.startsWith("pg_");

/** The roles without which a statement cannot run. Empty for one that is not understood. */
function rolesIn(tokens: readonly Token[]): string[] {
  const words = tokens.slice(0, 3).map(({ word }) => word ?? "");
  const verb = words[0] ?? "";
  if (verb === "grant" || verb === "revoke") return granted(tokens);
  if (/^(create|alter|drop) role /.test(`${words.join(" ")} `)) return names(tokens, 2, 3);
  if (words.join(" ") === "set session authorization") return names(tokens, 3, 4);
  // A tablespace and a provider of labels may be called as the keyword is.
  if (words.join(" ").startsWith("create tablespace")) return tokens[3]?.word === "owner" ? names(tokens, 4, 5) : [];
  const on = pairAt(tokens, "on", "role");
  return (verb === "comment" || verb === "security") && on > 0 ? names(tokens, on + 2, on + 3) : [];
}

/** Memberships, and rights on parameters and tablespaces. */
function granted(tokens: readonly Token[]): string[] {
  const member = membership(tokens);
  return member ? [...member.of, ...member.to] : receivers(tokens);
}

/** `GRANT of TO to`: nothing stands ON anything. */
function membership(tokens: readonly Token[]): { of: string[]; to: string[] } | undefined {
  const to = tokens.findIndex(({ word }) => word === "to" || word === "from");
  if (!/^(grant|revoke)$/.test(tokens[0]?.word ?? "") || to < 0 || tokens.slice(0, to).some(({ word }) => word === "on")) return undefined;
  return { of: names(tokens, 1, to), to: receivers(tokens) };
}

function receivers(tokens: readonly Token[]): string[] {
  const to = tokens.findIndex(({ word }) => word === "to" || word === "from");
  const end = tokens.findIndex(({ word, other }, i) => i > to && (word === "with" || isGrantor(tokens, i) || other === ";"));
  return to < 0 ? [] : names(tokens, to + 1, end < 0 ? tokens.length : end);
}

const names = (tokens: readonly Token[], from: number, to: number) => tokens.slice(from, to).flatMap(({ name }) => name ?? []);
const pairAt = (tokens: readonly Token[], first: string, second: string) =>
  tokens.findIndex(({ word }, i) => word === first && tokens[i + 1]?.word === second);
/** Neither word is reserved: there may be a role `granted`. */
const isGrantor = (tokens: readonly Token[], i: number) => tokens[i]?.word === "granted" && tokens[i + 1]?.word === "by";

/** Who granted something matters only where that role is. */
function withoutGrantor(statement: string, tokens: readonly Token[]): string {
  const at = tokens.findLastIndex((_, i) => isGrantor(tokens, i));
  const [granted, grantor] = [tokens[at], tokens[at + 2]];
  if (tokens[0]?.word !== "grant" || !granted || !grantor || !awsRoles.has(grantor.name ?? "")) return statement;
  return statement.slice(0, granted.start).trimEnd() + statement.slice(grantor.end);
}

/** Findings stand in logs and on pages. */
const MOST = 10;

function told(roles: readonly string[], memberships: readonly string[]): Finding {
  const shown = memberships.slice(0, MOST).map((text) => Buffer.from(text, "latin1").toString());
  const more = memberships.length > MOST ? ` and ${memberships.length - MOST} more` : "";
  return {
    name: "aws-roles-left-out",
    severity: "note",
    message: `globals.sql is without roles that AWS made: ${roles.join(", ")}${shown.length > 0 ? `; so nobody is a member of them: ${shown.join("; ")}${more}` : ""}`,
    hint: "No server but RDS's has them. After a restore to RDS, grant again what its roles need; elsewhere, something of that server's own.",
  };
}
