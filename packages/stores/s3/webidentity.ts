import { type Identity, StoreUnavailable } from "@holdfast/core";
import { type Ports, post, type Posted, unavailable } from "./post.ts";
import { told } from "../told.ts";
import { refused } from "./refused.ts";
import type { TemporaryKeys } from "./temporary.ts";

export type WebIdentity = { sts: string; audience: string; role?: string | undefined; session: string };

/** Of the JWT. It is shown once, but some stores (SeaweedFS) let the keys live no longer, and none takes keys for less than a quarter of an hour. */
export const tokenSeconds = 900;
/** Of the keys, at most: the longest that every role allows without being asked. */
const keySeconds = 3_600;

/**
 * AssumeRoleWithWebIdentity, as stores other than AWS speak it too: a JWT of AWS that says which role runs, against keys that end.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html,
 * https://docs.min.io/enterprise/aistor-object-store/developers/security-token-service/assumerolewithwebidentity, https://docs.ceph.com/en/latest/radosgw/STS/
 *
 * Throws {@link StoreDenied}, {@link StoreUnavailable} and what the identity throws.
 */
export async function webIdentityKeys(of: WebIdentity, identity: Identity, ports: Ports): Promise<TemporaryKeys> {
  const answer = await post(
    of.sts,
    async () => {
      const form = new URLSearchParams({
        ...{ Action: "AssumeRoleWithWebIdentity", Version: "2011-06-15", DurationSeconds: String(keySeconds) },
        RoleSessionName: of.session,
        ...(of.role === undefined ? {} : { RoleArn: of.role }),
        // In the body: addresses end up in logs.
        WebIdentityToken: await identity.token(of.audience, tokenSeconds),
      });
      return { headers: { "content-type": "application/x-www-form-urlencoded" }, body: form.toString() };
    },
    ports,
  );
  if (answer.status !== 200) throw refusal(of, answer);
  const keys = granted(answer);
  if (keys) return keys;
  throw unavailable(new URL(of.sts), "it answered with something else than keys that last");
}

const field = (xml: string, name: string): string => new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(xml)?.[1] ?? "";

function granted({ text, asked, ahead }: Posted): TemporaryKeys | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map((name) => field(text, name));
  // By the clock here, however far off the two are.
  const until = Date.parse(field(text, "Expiration")) + ahead;
  if (!accessKeyId || !secretAccessKey || !sessionToken || !(until > asked)) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken, from: asked, until };
}

function refusal({ sts, audience, role }: WebIdentity, { status, text, ahead }: Posted): Error {
  const { host } = new URL(sts);
  const code = field(text, "Code") || `HTTP ${status}`;
  const message = field(text, "Message");
  if (code === "IDPCommunicationError")
    return new StoreUnavailable(`${host} could not ask AWS for its keys`, "Let it reach the issuer's address over https, then try again.", {
      cause: told(code, message),
    });
  const whom = role === undefined ? "the policy that the token is given there" : `the trust policy of ${role}`;
  const hints: Record<string, string> = {
    AccessDenied: `Look at ${whom}: it must let in tokens of the issuer that AWS shows for this account, for ${audience}, whose subject is the role that runs.`,
    InvalidIdentityToken: believes(audience),
    IDPRejectedClaim: believes(audience),
    InvalidParameterValue: believes(audience),
    InvalidClientTokenId: believes(audience),
    ExpiredToken: stale,
    ExpiredTokenException: stale,
    MalformedPolicyDocument: `Look at ${whom}.`,
    NoSuchEntity: "The store knows no such role, or no such provider: correct federation.role in the plan, or make it there.",
  };
  return refused(
    `the store's STS at ${host}`,
    code,
    message,
    hints[code] ?? `${believes(audience)} Look at ${whom}, and at the store's own log.`,
    ahead,
  );
}

const stale = "The token was made seconds ago: the clock of the store is off, or its keys of the issuer are old.";
const believes = (audience: string) =>
  `The store's OpenID provider must have the issuer that AWS shows for this account, letter by letter, and ${audience} as its client id or audience.`;
