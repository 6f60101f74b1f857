import { createHash, createHmac } from "node:crypto";
import { GetWebIdentityTokenCommand, type STSClient } from "@aws-sdk/client-sts";
import { type Identity, IdentityRefused, type SignedRequest } from "@holdfast/core";
import { SignatureV4 } from "@smithy/signature-v4";
import { sdkName } from "./errors.ts";

/**
 * Every verifier knows RS256, and it is all that a mount of Vault with OIDC discovery takes by default
 * (https://developer.hashicorp.com/vault/api-docs/auth/jwt#jwt_supported_algs); STS's other choice is ES384.
 */
const ALGORITHM = "RS256";

/** Who the runner is, by the credentials of a client. `now`: the clock of signatures, for tests; theirs is the machine's. */
export function identityOf(client: STSClient, now?: () => Date): Identity {
  return {
    token: (audience, seconds) => issue(client, audience, seconds),
    callerIdentity: (region, headers, action) => signCallerIdentity(client, { region, headers, action }, now?.()),
  };
}

async function issue(client: STSClient, audience: string, seconds: number): Promise<string> {
  try {
    const command = new GetWebIdentityTokenCommand({ Audience: [audience], DurationSeconds: seconds, SigningAlgorithm: ALGORITHM });
    const { WebIdentityToken } = await client.send(command);
    if (WebIdentityToken !== undefined) return WebIdentityToken;
  } catch (cause) {
    throw new IdentityRefused(`STS issued no token for ${audience} (${sdkName(cause)})`, hints[sdkName(cause)] ?? OTHERWISE, { cause });
  }
  throw new IdentityRefused(`STS answered without a token for ${audience}`, OTHERWISE);
}

const OTHERWISE =
  "Check that the function reaches its region's STS: through a NAT gateway or an interface endpoint (sts) where it stands in a VPC.";
const hints: Readonly<Record<string, string>> = {
  OutboundWebIdentityFederationDisabledException: "Enable it once for the account: aws iam enable-outbound-web-identity-federation.",
  AccessDenied: "Allow the function's role sts:GetWebIdentityToken; a service control policy may deny it.",
  AccessDeniedException: "Allow the function's role sts:GetWebIdentityToken; a service control policy may deny it.",
  SessionDurationEscalationException: "The role's own session ends sooner than the token would. Trying again gets a new session.",
};

const QUESTION = { Action: "GetCallerIdentity", Version: "2011-06-15" };

/** Regional, since a token of a role in a region that must be enabled is not valid elsewhere. https://docs.aws.amazon.com/general/latest/gr/sts.html */
const hostOf = (region: string) => `sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;

type Asked = { region: string; headers: Readonly<Record<string, string>>; action: "body" | "address" };

async function signCallerIdentity(
  client: STSClient,
  { region, headers: more, action }: Asked,
  signingDate: Date | undefined,
): Promise<SignedRequest> {
  const question = new URLSearchParams(QUESTION).toString();
  const host = hostOf(region);
  const signer = new SignatureV4({ service: "sts", region, credentials: client.config.credentials, sha256: Sha256, applyChecksum: false });
  const inBody = action === "body";
  const type = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const headers = { host, ...(inBody ? type : {}), ...more };
  const [body, query] = inBody ? [question, {}] : ["", QUESTION];
  const request = { method: "POST", protocol: "https:", hostname: host, path: "/", query, headers, body };
  try {
    const signed = await signer.sign(request, signingDate && { signingDate });
    return { method: "POST", url: `https://${host}/${inBody ? "" : `?${question}`}`, headers: signed.headers, body };
  } catch (cause) {
    throw new IdentityRefused(
      `nothing was signed for ${host} (${sdkName(cause)})`,
      "The function has no credentials: it must run with a role, or its metadata endpoint is out of reach.",
      { cause },
    );
  }
}

/** SHA-256, or its HMAC where there is a key, as the signer wants it. */
class Sha256 {
  readonly #hash;
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash("sha256") : createHmac("sha256", typeof key === "string" ? key : bytesOf(key));
  }
  update(part: Uint8Array): void {
    this.#hash.update(part);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

const bytesOf = (key: ArrayBuffer | ArrayBufferView) =>
  ArrayBuffer.isView(key) ? new Uint8Array(key.buffer, key.byteOffset, key.byteLength) : new Uint8Array(key);
