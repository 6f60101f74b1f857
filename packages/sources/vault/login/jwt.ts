import type { Identity } from "@holdfast/core";
import type { Login } from "../config.ts";
import type { Attempt } from "./method.ts";

/** How long the JWT is good for, in seconds: it is used at once, and clocks differ. */
const LIFE = 300;

/** https://developer.hashicorp.com/vault/api-docs/auth/jwt#jwt-login */
export async function jwt({ role, audience, mount }: Extract<Login, { method: "jwt" }>, identity: Identity): Promise<Attempt> {
  const token = await identity.token(audience, LIFE);
  return {
    body: { role, jwt: token },
    how: `JWT at ${mount}/ as the role ${role}`,
    secret: [token],
    hint: (said) => causeOf(said, role, audience),
  };
}

function causeOf(said: string, role: string, audience: string): string {
  if (/audience|\baud\b/i.test(said)) return `Put "${audience}" into the role's bound_audiences, or the role's audience into the plan.`;
  if (/subject|\bsub\b/i.test(said)) return "Put the ARN of the function's role into the role's bound_subject (it is the JWT's sub).";
  if (/issuer|\biss\b/i.test(said))
    return "Put the account's issuer URL of outbound identity federation into the mount's bound_issuer and oidc_discovery_url.";
  if (/expired|not yet valid|issued in the future|nbf|iat\b/i.test(said))
    return "The JWT is seconds old, so the node's clock is wrong: set it.";
  if (/signature|key ?set|jwks|discovery/i.test(said))
    return "The node could not check the signature: it must reach the issuer's oidc_discovery_url, or hold its keys.";
  if (/role/i.test(said)) return `The mount has no role ${role}: create it, or name another in the plan.`;
  return `Compare the role ${role} with the JWT: bound_audiences "${audience}", bound_subject the ARN of the function's role, bound_issuer the account's issuer URL.`;
}
