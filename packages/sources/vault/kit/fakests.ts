import { createHash, createHmac } from "node:crypto";

type Headers = Map<string, string>;

/**
 * What the auth method aws does with a login: looks at the server id itself and asks STS about the rest. The signature is computed here once more, by
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, so nothing of the SDK that made it is believed.
 * Returns what is wrong in the words of Vault and STS.
 */
export function checkSigned(
  body: Record<string, unknown>,
  { region, serverId, secrets }: { region: string; serverId?: string; secrets: Record<string, string> },
  now: Date,
): string | undefined {
  const text = (name: string) => Buffer.from(String(body[name]), "base64").toString();
  const headers = headersOf(text("iam_request_headers"));
  if (!headers) return "error parsing iam_request_headers";
  const refused = checkServerId(headers, serverId);
  if (refused) return `error validating X-Vault-AWS-IAM-Server-ID header: ${refused}`;
  const url = new URL(text("iam_request_url"));
  if (body.iam_http_request_method !== "POST") return "invalid iam_http_request_method; currently only 'POST' is supported";
  if (text("iam_request_body") !== "Action=GetCallerIdentity&Version=2011-06-15") return "error parsing iam_request_body";
  const said = stsRefuses({ url, headers, body: text("iam_request_body") }, region, secrets, now);
  return said && `error making upstream request: received error code 403 from STS: <ErrorResponse><Error>${said}</Error></ErrorResponse>`;
}

/** Vault takes each value as a list of texts. */
function headersOf(json: string): Headers | undefined {
  const entries = Object.entries(JSON.parse(json) as Record<string, unknown>);
  const flat = entries.map(
    ([name, value]) => [name.toLowerCase(), Array.isArray(value) && value.length === 1 ? String(value[0]) : undefined] as const,
  );
  return flat.every((entry): entry is [string, string] => entry[1] !== undefined) ? new Map(flat) : undefined;
}

const signedOf = (headers: Headers) => /SignedHeaders=([^,]+)/.exec(headers.get("authorization") ?? "")?.[1]?.split(";") ?? [];

function checkServerId(headers: Headers, serverId: string | undefined): string | undefined {
  if (serverId === undefined) return undefined;
  const got = headers.get("x-vault-aws-iam-server-id");
  if (got === undefined) return 'missing header "X-Vault-AWS-IAM-Server-ID"';
  if (got !== serverId) return `expected "${serverId}" but got "${got}"`;
  return signedOf(headers).includes("x-vault-aws-iam-server-id") ? undefined : "header wasn't signed";
}

const QUARTER = 15 * 60_000;

function stsRefuses(
  request: { url: URL; headers: Headers; body: string },
  region: string,
  secrets: Record<string, string>,
  now: Date,
): string | undefined {
  const { url, headers } = request;
  const [, key = "", day = "", signedFor, , signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/(sts)\/aws4_request, SignedHeaders=[^,]+, Signature=([0-9a-f]{64})$/.exec(
      headers.get("authorization") ?? "",
    ) ?? [];
  const secret = secrets[key];
  if (secret === undefined) return error("InvalidClientTokenId", "The security token included in the request is invalid.");
  if (url.host !== `sts.${region}.amazonaws.com` || headers.get("host") !== url.host || signedFor !== region)
    return error("SignatureDoesNotMatch", `Credential should be scoped to a valid region, not '${signedFor}'.`);
  const stamp = headers.get("x-amz-date") ?? "";
  const skew = Date.parse(stamp.replace(/^(....)(..)(..T..)(..)/, "$1-$2-$3:$4:")) - now.getTime();
  if (skew < -QUARTER)
    return error(
      "SignatureDoesNotMatch",
      `Signature expired: ${stamp} is now earlier than ${compact(now, -QUARTER)} (${compact(now)} - 15 min.)`,
    );
  if (skew > QUARTER)
    return error(
      "SignatureDoesNotMatch",
      `Signature not yet current: ${stamp} is still later than ${compact(now, QUARTER)} (${compact(now)} + 15 min.)`,
    );
  return signature === sign(request, secret, day, region, stamp)
    ? undefined
    : error("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.");
}

const error = (code: string, message: string) => `<Type>Sender</Type><Code>${code}</Code><Message>${message}</Message>`;
const compact = (now: Date, shift = 0) => new Date(now.getTime() + shift).toISOString().replaceAll(/[-:]|\.\d+/g, "");

export function sign(
  { url, headers, body }: { url: URL; headers: Headers; body: string },
  secret: string,
  day: string,
  region: string,
  stamp: string,
): string {
  const signed = signedOf(headers);
  const lines = signed.map((name) => `${name}:${(headers.get(name) ?? "").trim().replaceAll(/ +/g, " ")}\n`).join("");
  const canonical = ["POST", url.pathname, url.search.slice(1), lines, signed.join(";"), sha256(body)].join("\n");
  const scope = `${day}/${region}/sts/aws4_request`;
  const key = [day, region, "sts", "aws4_request"].reduce<string | Buffer>((by, part) => hmac(by, part), `AWS4${secret}`);
  return hmac(key, ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical)].join("\n")).toString("hex");
}
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
