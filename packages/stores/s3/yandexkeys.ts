import { type Identity, StoreUnavailable } from "@holdfast/core";
import { z } from "zod";
import { jsonOf } from "../json.ts";
import { type Ports, post, type Posted, unavailable } from "./post.ts";
import { refused } from "./refused.ts";
import type { TemporaryKeys } from "./temporary.ts";
import { tokenSeconds } from "./webidentity.ts";

export type YandexFederation = { serviceAccount: string; audience: string; session: string };
export const yandex = {
  auth: "https://auth.yandex.cloud/oauth/token",
  keys: "https://iam.api.cloud.yandex.net/iam/aws-compatibility/v1/ephemeralAccessKeys",
};

const lent = z.object({ access_token: z.string().min(1) });
const made = z.object({
  accessKeyId: z.string().min(1),
  secret: z.string().min(1),
  sessionToken: z.string().min(1),
  expiresAt: z.string().min(1),
});
const said = z
  .object({ error: z.string(), error_description: z.string() })
  .partial()
  .and(z.object({ message: z.string() }).partial());

/**
 * A JWT of AWS against an IAM token of a service account (RFC 8693), and that against ephemeral keys of Object Storage, which live an hour and no longer
 * than the token. https://yandex.cloud/en/docs/iam/operations/wlif/setup-wlif,
 * https://yandex.cloud/en/docs/iam/awscompatibility/api-ref/TemporaryAccessKey/createEphemeral
 *
 * Throws {@link StoreDenied}, {@link StoreUnavailable} and what the identity throws.
 */
export async function yandexKeys(of: YandexFederation, identity: Identity, ports: Ports, at = yandex): Promise<TemporaryKeys> {
  const exchanged = await post(
    at.auth,
    async () => {
      const form = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
        // Whose rights are lent; the JWT's own audience is that of the federation.
        audience: of.serviceAccount,
        subject_token: await identity.token(of.audience, tokenSeconds),
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      });
      return { headers: { "content-type": "application/x-www-form-urlencoded" }, body: form.toString() };
    },
    ports,
  );
  const token = read(lent, at.auth, exchanged, federationHint(of)).access_token;
  const keys = await post(
    at.keys,
    async () => ({
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ sessionName: of.session, duration: "3600s" }),
    }),
    ports,
  );
  const { accessKeyId, secret: secretAccessKey, sessionToken, expiresAt } = read(made, at.keys, keys, keyHint(of));
  const until = Date.parse(expiresAt) + keys.ahead;
  if (!(until > keys.asked)) throw unavailable(new URL(at.keys), "it answered with keys that have ended");
  return { accessKeyId, secretAccessKey, sessionToken, from: keys.asked, until };
}

function read<T>(shape: z.ZodType<T>, address: string, { status, text, ahead }: Posted, hint: string): T {
  const { host } = new URL(address);
  const answer = jsonOf(text);
  const right = shape.safeParse(answer);
  if (status === 200 && right.success) return right.data;
  if (status < 400) throw new StoreUnavailable(`${host} answered with something else than was asked for`, "Try again.");
  const { error, error_description, message } = said.safeParse(answer).data ?? {};
  throw refused(host, error ?? `HTTP ${status}`, error_description ?? message ?? "", hint, ahead);
}

const federationHint = ({ serviceAccount, audience }: YandexFederation) =>
  `Look at the workload identity federation in Yandex Cloud: its issuer must be the address that AWS shows for this account, its audience ${audience}, and the service account ${serviceAccount} must have a federated credential whose external subject is the ARN of the role that runs.`;
const keyHint = ({ serviceAccount }: YandexFederation) =>
  `The token of ${serviceAccount} was not taken for keys of Object Storage: is the account's folder active?`;
