import type { Context, Finding, Surroundings } from "@holdfast/core";
import type { Login } from "../postgres/login.ts";
import { readLogin } from "../postgres/secret.ts";
import { tokenLogin } from "../postgres/token.ts";
import type { Target } from "./config.ts";
import type { Standing } from "./restores.ts";

export type LoggingIn = Pick<Target, "connection" | "iam" | "tls">;
export type Tokened = { EnableIAMDatabaseAuthentication: boolean };

/**
 * The login of somebody who lives inside a backup, at what was made of it; or why nobody logs in. By a token of IAM where that is taken, else by
 * the secret. Throws {@link SecretUnusable} and what looking up the endpoint throws.
 */
export async function loginAt(
  { connection, iam, tls }: LoggingIn,
  noun: "instance" | "cluster",
  { id, engine, endpoint, settings }: Standing<Tokened>,
  { secrets, region }: Pick<Surroundings, "secrets" | "region">,
  { signal }: Pick<Context, "signal">,
): Promise<Login | Finding> {
  if (endpoint === undefined) return not("it has no endpoint yet", "Look at it in the RDS console.");
  const means = meansOf({ connection, iam }, engine, settings);
  if ("severity" in means) return means;
  if ("secret" in means) return await readLogin({ connection: means.secret, ...endpoint, tls }, secrets);
  const rds = noun === "cluster" ? { cluster: id } : { instance: id };
  return await tokenLogin({ iam: means.iam, rds, tls, database: undefined }, region, signal);
}

/** Reads the secret that the proof will log in with, where it will, before hours go into what it is to log in to. Throws {@link SecretUnusable}. */
export async function requireLogin(
  { connection, iam, tls }: LoggingIn,
  engine: string,
  settings: Tokened,
  { secrets }: Pick<Surroundings, "secrets">,
): Promise<void> {
  const means = meansOf({ connection, iam }, engine, settings);
  if ("secret" in means) await readLogin({ connection: means.secret, host: "not.made.yet", tls }, secrets);
}

function meansOf(
  { connection, iam }: Pick<LoggingIn, "connection" | "iam">,
  engine: string,
  { EnableIAMDatabaseAuthentication: tokens }: Tokened,
): { secret: string } | { iam: { user: string } } | Finding {
  if (connection === undefined && iam === undefined)
    return not("the target has no login", "Give it connection or iam in the plan to have its databases looked at.");
  if (!/^(aurora-)?postgresql?$|^postgres$/.test(engine)) return not(`${engine} is not spoken here`, "Look inside by hand.");
  if (iam && tokens) return { iam };
  if (connection !== undefined) return { secret: connection };
  return not("it takes no tokens of IAM, as its original did not", "Give the target a connection too, or switch them on at the original.");
}

const not = (why: string, hint: string): Finding => ({
  name: "not-asked",
  severity: "note",
  message: `nobody logged in, for ${why}`,
  hint,
});
