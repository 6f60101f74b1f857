import { Signer } from "@aws-sdk/rds-signer";
import { openApi } from "../rds/api.ts";
import type { ByToken, Config } from "./config.ts";
import { findEndpoint } from "./endpoint.ts";
import type { Login } from "./login.ts";
import { TokenNotSigned, TokenRefused } from "./rdserrors.ts";

/** Default of RDS and of PostgreSQL. */
const HOME = "postgres";

/**
 * A login by authentication tokens of IAM, to the endpoint that RDS tells now. A token is a password, so it goes to nobody but a server that proved to
 * be that endpoint; there is no other mode of TLS, on loopback neither. Throws what {@link findEndpoint} throws.
 */
export async function tokenLogin(
  { iam: { user }, rds, tls, database }: ByToken & Pick<Config, "tls" | "database">,
  region: string,
  signal: AbortSignal,
): Promise<Login> {
  const { noun, host, port } = await findEndpoint(openApi({ region })({ signal }), rds, region);
  const signer = new Signer({ hostname: host, port, region, username: user });
  return {
    host,
    port,
    user,
    home: database ?? HOME,
    tls: { mode: "verify-full", ca: tls?.ca ?? "rds" },
    password: () => signer.getAuthToken().catch((cause: unknown) => Promise.reject(new TokenNotSigned(user, noun, { cause }))),
    refused: (options) => new TokenRefused(user, noun, options),
  };
}
