import type { Identity } from "@holdfast/core";
import type { Login } from "../config.ts";
import type { Attempt } from "./method.ts";

/**
 * A signed sts:GetCallerIdentity that the node sends on to STS: https://developer.hashicorp.com/vault/api-docs/auth/aws#login
 * Header values are arrays, as Go has them.
 */
export async function aws({ role, mount, region, serverId }: Extract<Login, { method: "aws" }>, identity: Identity): Promise<Attempt> {
  const signed = await identity.callerIdentity(region, serverId === undefined ? {} : { [SERVER_ID]: serverId }, "body");
  const headers = JSON.stringify(Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name, [value]])));
  return {
    body: {
      role,
      iam_http_request_method: signed.method,
      iam_request_url: base64(signed.url),
      iam_request_body: base64(signed.body),
      iam_request_headers: base64(headers),
    },
    how: `AWS IAM at ${mount}/ as the role ${role}`,
    secret: [base64(headers), ...Object.entries(signed.headers).flatMap(([name, value]) => (SECRET.test(name) ? [value] : []))],
    hint: (said) => causeOf(said, role, region, serverId),
  };
}

const SERVER_ID = "X-Vault-AWS-IAM-Server-ID";
const SECRET = /^(authorization|x-amz-security-token)$/i;
const base64 = (text: string) => Buffer.from(text).toString("base64");

function causeOf(said: string, role: string, region: string, serverId: string | undefined): string {
  if (/not yet current|Signature expired|RequestExpired|is now earlier/i.test(said))
    return "The clocks of the function, the node and STS differ: a signed request is good for 15 minutes. Set the node's clock.";
  if (/ExpiredToken/.test(said)) return "The function's own credentials had expired. Trying again gets new ones.";
  if (/server.?id/i.test(said))
    return serverId === undefined
      ? "The mount wants its iam_server_id_header_value: give it as serverId in the plan."
      : "The plan's serverId is not the mount's iam_server_id_header_value.";
  if (/SignatureDoesNotMatch|Credential should be scoped|InvalidClientTokenId|upstream request/i.test(said))
    return `The plan's region is ${region}: give the region whose STS the mount asks (its sts_endpoint and sts_region).`;
  return `Bind the role ${role} to the function's role: auth_type iam, bound_iam_principal_arn its ARN.`;
}
