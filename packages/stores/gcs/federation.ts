import { type Identity, IdentityRefused, type SignedRequest, StoreDenied } from "@holdfast/core";
import { z } from "zod";
import type { Issue, Issued } from "./access.ts";
import type { Line } from "./call.ts";
import type { GcsConfig } from "./config.ts";
import { exchange, form, json, scope } from "./token.ts";

export type Federation = Omit<NonNullable<GcsConfig["federation"]>, "serviceAccount"> & { serviceAccount?: string | undefined };

/**
 * A token for whoever runs this in AWS: what AWS says of the role, exchanged for a token of the pool, and that, where the plan names a
 * service account, for one of the account. https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
 */
export function federated(line: Line, federation: Federation, identity: Identity, region: string): Issue {
  const { audience, provider, serviceAccount } = federation;
  return async () => {
    const subject = provider === "aws" ? await askedOfAws(audience, identity, region) : await issuedByAws(audience, identity);
    const wide = "https://www.googleapis.com/auth/cloud-platform";
    const own = await ofPool(line, audience, subject, serviceAccount === undefined ? scope : wide);
    return serviceAccount === undefined ? own : ofAccount(line, serviceAccount, own);
  };
}

/** What is shown to Google, and what of it must not be told. */
type Subject = { type: string; token: string; secrets: readonly string[] };

/** A signed sts:GetCallerIdentity, which Google sends on to AWS. */
async function askedOfAws(audience: string, identity: Identity, region: string): Promise<Subject> {
  const signed = await identity.callerIdentity(region, { "x-goog-cloud-target-resource": audience }, "address");
  const token = serialized(signed);
  const kept = Object.entries(signed.headers).flatMap(([name, value]) => (secret.test(name) ? [value, ...signature(value)] : []));
  return { type: "urn:ietf:params:aws:token-type:aws4_request", token, secrets: [token, ...kept] };
}

/** Exchanged at once, so good for no longer than tries take. */
const jwtSeconds = 300;
/** A JWT for the audience that a provider takes by default: its name, as an address. */
async function issuedByAws(audience: string, identity: Identity): Promise<Subject> {
  const token = await identity.token(`https:${audience}`, jwtSeconds);
  return { type: "urn:ietf:params:oauth:token-type:jwt", token, secrets: [token] };
}

function ofPool(line: Line, audience: string, subject: Subject, scope: string): Promise<Issued> {
  const body = form({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience,
    scope,
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token_type: subject.type,
    subject_token: subject.token,
  });
  return exchange(line, {
    what: `signing in to Google as the role that runs, at ${audience}`,
    request: { url: `${line.hosts.sts}/v1/token`, ...body },
    secrets: subject.secrets,
    hint: poolHint,
  });
}

/**
 * https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token: an object of `url`, `method` and `headers`, percent-encoded.
 * It has no place for a body, so what was signed must have none: the action stands in the address.
 */
function serialized({ url, method, headers, body }: SignedRequest): string {
  if (body !== "" || !url.includes("Action=GetCallerIdentity"))
    throw new IdentityRefused(
      "the signed GetCallerIdentity has a body, and Google passes none on",
      "This is a defect: whoever signs for Google puts the action into the address.",
    );
  const listed = Object.entries(headers).map(([key, value]) => ({ key, value }));
  return encodeURIComponent(JSON.stringify({ url, method, headers: listed }));
}

const secret = /^(authorization|x-amz-security-token)$/i;
/** An error of AWS may quote the signature alone. */
const signature = (value: string): string[] => /Signature=(\w+)/.exec(value)?.slice(1) ?? [];

function poolHint(said: string): string {
  if (/expired|not yet current|RequestExpired|skew/i.test(said))
    return "The clocks of this machine and of AWS differ: a signed request is good for some minutes only.";
  if (/invalid_target/.test(said))
    return "Google knows no such provider, or it is disabled: compare federation.audience with the provider's full name.";
  if (/attribute condition|unauthorized_client|access_denied/i.test(said))
    return "The provider's attribute condition, or its AWS account id, does not admit the function's role.";
  if (/SignatureDoesNotMatch|InvalidClientTokenId|aws/i.test(said))
    return "AWS did not confirm the role to Google: the provider must name this AWS account, and the region's STS must be active.";
  return "Look at the workload identity pool: its provider must be of the kind that the plan says, trust this AWS account, and map attribute.aws_role.";
}

const impersonated = z.object({ accessToken: z.string().min(1) });
/** The longest that Google gives without an exception. */
const lifetime = 3_600;

async function ofAccount(line: Line, account: string, { token }: Issued): Promise<Issued> {
  const what = `acting as ${account}`;
  const answer = await json(line, {
    what,
    request: {
      method: "POST",
      url: `${line.hosts.iam}/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateAccessToken`,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ scope: [scope], lifetime: `${lifetime}s` }),
    },
    secrets: [token],
    hint: (said) =>
      /NOT_FOUND/.test(said)
        ? "There is no such service account: correct federation.serviceAccount in the plan."
        : `Give the pool's principals roles/iam.workloadIdentityUser on ${account}.`,
  });
  const parsed = impersonated.safeParse(answer);
  if (parsed.success) return { token: parsed.data.accessToken, seconds: lifetime };
  throw new StoreDenied(`${what}: the answer holds no token`, "Look at proxies between here and Google.");
}
