import { generateKeyPairSync, sign } from "node:crypto";
import { STSClient } from "@aws-sdk/client-sts";
import { identityOf } from "@holdfast/aws";
import type { Identity } from "@holdfast/core";
import type { JwtMount } from "./fakeport.ts";

const ISSUER = "https://0123abcd.tokens.sts.global.api.aws";
const ARN = "arn:aws:iam::123456789012:role/acme-vault-backup";
const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "session" };

/** Claims of a JWT, in seconds where they are times. */
export type Claims = { iss: string; sub: string; aud: string; iat: number; nbf: number; exp: number };
export type Known = {
  /** Signs requests as it does in AWS; issues JWTs as STS would. */
  identity: Identity;
  /** What a mount of the auth method jwt knows of it. */
  mount: Omit<JwtMount, "roles">;
  arn: string;
  /** Access key ids and their secrets, as STS knows them. */
  secrets: Record<string, string>;
};

/** A function's identity, on its own clock. `change`: makes the JWT another one. */
export function anIdentity(now: () => Date = () => new Date(), change: (claims: Claims) => Partial<Claims> = () => ({})): Known {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const signing = identityOf(new STSClient({ region: "eu-central-1", credentials: CREDENTIALS }), now);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  async function token(audience: string, seconds: number): Promise<string> {
    const iat = Math.floor(now().getTime() / 1000);
    const claims: Claims = { iss: ISSUER, sub: ARN, aud: audience, iat, nbf: iat, exp: iat + seconds };
    const text = `${part({ alg: "ES384", typ: "JWT" })}.${part({ ...claims, ...change(claims) })}`;
    return `${text}.${sign("sha384", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  }
  return {
    identity: { token, callerIdentity: signing.callerIdentity },
    mount: { key: publicKey.export({ type: "spki", format: "pem" }).toString(), issuer: ISSUER },
    arn: ARN,
    secrets: { [CREDENTIALS.accessKeyId]: CREDENTIALS.secretAccessKey },
  };
}
