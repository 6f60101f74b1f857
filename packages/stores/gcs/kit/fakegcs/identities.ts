import { createPublicKey, verify } from "node:crypto";
import { type Asked, json, jsonRefusal, type Reply, type Require } from "./reply.ts";

/** Google's own directory of who may do what, and the three services that issue tokens. */
export class Identities {
  /** The provider that federation must name, and the account that it may act as. */
  audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/holdfast/providers/aws";
  account = "copy@acme.iam.gserviceaccount.com";
  /** The public half of the account's key, PEM. */
  accountKey = "";
  /** What issued tokens may do. */
  permissions: readonly string[] = [];
  /** As issued: seconds until a client must ask again. */
  expiresIn = 3_600;
  readonly issued: string[] = [];
  readonly #tokens = new Map<string, readonly string[]>();

  /** A token for somebody who may do that. */
  issue(permissions: readonly string[], kind = "token"): string {
    const token = `ya29.verysecret-${kind}-${this.issued.length + 1}`;
    this.issued.push(token);
    this.#tokens.set(token, permissions);
    return token;
  }
  /** As if its hour were over. */
  expire(token: string): void {
    this.#tokens.delete(token);
  }

  requirer({ headers, path }: Asked): Require {
    const has = this.#tokens.get(headers.authorization?.replace(/^Bearer /, "") ?? "");
    if (!has) throw jsonRefusal(401, "authError", "Invalid Credentials");
    return (permission) => {
      if (!has.includes(permission))
        throw jsonRefusal(
          403,
          "forbidden",
          `somebody does not have ${permission} access to ${path}. Permission '${permission}' denied on resource (or it may not exist).`,
        );
    };
  }

  /** Undefined for a path that is none of theirs. */
  answer(asked: Asked): Reply | undefined {
    if (asked.path === "/v1/token") return this.#exchange(new URLSearchParams(asked.body.toString()));
    if (asked.path.endsWith(":generateAccessToken")) return this.#impersonate(asked);
    if (asked.path === "/token") return asked.method === "GET" ? { status: 404 } : this.#byKey(new URLSearchParams(asked.body.toString()));
    return undefined;
  }

  /** https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
  #exchange(form: URLSearchParams): Reply {
    if (form.get("audience") !== this.audience)
      return oauthError("invalid_target", "The target service indicated by the audience parameter is invalid.");
    if (form.get("subject_token_type") === "urn:ietf:params:oauth:token-type:jwt") return this.#ofIssuer(form);
    const { url, method, headers } = JSON.parse(decodeURIComponent(form.get("subject_token") ?? ""));
    const value = (name: string) => headers.find(({ key }: { key: string }) => key.toLowerCase() === name)?.value;
    const whole =
      form.get("grant_type") === "urn:ietf:params:oauth:grant-type:token-exchange" &&
      form.get("subject_token_type") === "urn:ietf:params:aws:token-type:aws4_request" &&
      /^https:\/\/sts\.[a-z0-9-]+\.amazonaws\.com\/?\?Action=GetCallerIdentity&Version=2011-06-15$/.test(url) &&
      method === "POST" &&
      value("x-goog-cloud-target-resource") === this.audience &&
      String(value("authorization")).startsWith("AWS4-HMAC-SHA256 ");
    if (!whole)
      return oauthError(
        "invalid_grant",
        `Received invalid AWS response of type InvalidClientTokenId for ${value("authorization")} ${value("x-amz-security-token")}`,
      );
    return this.#granted(form);
  }

  /** An OIDC provider, which takes what AWS issued for its own name. */
  #ofIssuer(form: URLSearchParams): Reply {
    if (form.get("subject_token") !== jwtFor(`https:${this.audience}`))
      return oauthError("invalid_grant", "The audience in ID Token does not match the expected audience.");
    return this.#granted(form);
  }

  #granted(form: URLSearchParams): Reply {
    return json(200, {
      access_token: this.issue(form.get("scope")?.endsWith("cloud-platform") ? [impersonating] : this.permissions, "federated"),
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: this.expiresIn,
    });
  }

  #impersonate(asked: Asked): Reply {
    this.requirer(asked)(impersonating);
    if (!decodeURIComponent(asked.path).includes(`/${this.account}:`))
      return json(404, { error: { code: 404, message: "Not found; Gaia id not found", status: "NOT_FOUND" } });
    const { scope } = JSON.parse(asked.body.toString());
    if (scope[0] !== "https://www.googleapis.com/auth/devstorage.full_control")
      return json(400, { error: { code: 400, status: "INVALID_ARGUMENT" } });
    return json(200, { accessToken: this.issue(this.permissions, "account"), expireTime: "2099-01-01T00:00:00Z" });
  }

  /** RFC 7523 */
  #byKey(form: URLSearchParams): Reply {
    const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
    const { iss, aud, iat, exp } = JSON.parse(Buffer.from(claims, "base64url").toString());
    const signed = verify(
      "sha256",
      Buffer.from(`${head}.${claims}`),
      createPublicKey(this.accountKey),
      Buffer.from(signature, "base64url"),
    );
    if (iss !== this.account || aud !== "https://oauth2.googleapis.com/token" || !signed)
      return oauthError("invalid_grant", "Invalid JWT Signature.");
    if (Math.abs(iat - Date.now() / 1_000) > 60 || exp - iat > 3_600)
      return oauthError("invalid_grant", "Invalid JWT: Token must be a short-lived token.");
    return json(200, { access_token: this.issue(this.permissions, "key"), token_type: "Bearer", expires_in: this.expiresIn });
  }
}

/** What {@link role} has for an audience. */
export const jwtFor = (audience: string): string => `verysecretjwt.${Buffer.from(audience).toString("base64url")}`;
const impersonating = "iam.serviceAccounts.getAccessToken";
export const oauthError = (error: string, error_description: string): Reply => json(400, { error, error_description });
