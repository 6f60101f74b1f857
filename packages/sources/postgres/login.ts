import type { Context, HoldfastError, Surroundings } from "@holdfast/core";
import type { Config, Target, TlsMode } from "./config.ts";
import { readLogin } from "./secret.ts";

/** Who logs in where. */
export type Login = {
  host: string;
  port: number;
  user: string;
  /** Asked anew for every connection and every child process, shortly before: a token of IAM is good for a quarter of an hour. */
  password(): Promise<string>;
  /** `ca`: `rds`, a PEM, or undefined for the public authorities. */
  tls: { mode: TlsMode; ca: "rds" | (string & {}) | undefined };
  /** The database to ask about the server itself. */
  home: string;
  /** The error of a server that refuses this login. */
  refused(options?: ErrorOptions): HoldfastError;
};

/** The login of a source or a target. Throws {@link SecretUnusable}; for IAM also what looking up the endpoint throws. */
export async function openLogin(
  where: Config | Target,
  { secrets, region }: Pick<Surroundings, "secrets" | "region">,
  { signal }: Pick<Context, "signal">,
): Promise<Login> {
  if (where.connection !== undefined) return readLogin(where, secrets);
  // The clients of AWS that it takes are loaded by those who need them.
  const { tokenLogin } = await import("./token.ts");
  return tokenLogin(where, region, signal);
}
