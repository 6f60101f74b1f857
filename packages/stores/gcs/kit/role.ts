import type { Identity } from "@holdfast/core";
import { jwtFor } from "./fakegcs/identities.ts";

/** What must never be seen in an error or a log. */
export const secrets = { signature: "verysecretsignature", session: "verysecretsession" };

/** A role in AWS that signs for Google: the action in the address, since Google passes no body on. */
export const role: Identity = {
  token: async (audience) => jwtFor(audience),
  callerIdentity: async (region, headers) => ({
    method: "POST",
    url: `https://sts.${region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15`,
    headers: {
      host: `sts.${region}.amazonaws.com`,
      "x-amz-date": "20261121T120000Z",
      "x-amz-security-token": secrets.session,
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=AKID/20261121/${region}/sts/aws4_request, SignedHeaders=host, Signature=${secrets.signature}`,
    },
    body: "",
  }),
};
