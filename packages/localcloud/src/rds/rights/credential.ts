import { common } from "../faults.ts";
import type { Request } from "../listen.ts";

export type Scope = { accessKeyId: string; region: string };

/** The credential scope of a SigV4 header: `AKIA…/20261121/eu-central-1/rds/aws4_request`. Throws MissingAuthenticationToken, InvalidClientTokenId. */
export function scopeOf({ headers, path }: Request): Scope {
  const query = new URLSearchParams(path.split("?")[1] ?? "").get("X-Amz-Credential");
  const given = query ?? headers.authorization?.match(/^AWS4-HMAC-SHA256 .*Credential=([^,\s]+)/)?.[1];
  if (!given) throw common.MissingAuthenticationToken("Request is missing Authentication Token");
  const [accessKeyId, , region, service, end] = given.split("/");
  if (!accessKeyId || !region || service !== "rds" || end !== "aws4_request")
    throw common.SignatureDoesNotMatch("Credential should be scoped to correct service: 'rds'.");
  return { accessKeyId, region };
}
