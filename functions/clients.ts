import { KMSClient } from "@aws-sdk/client-kms";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { STSClient } from "@aws-sdk/client-sts";
import { identityOf, kmsCipher, kmsSign, secretsOf, secretsWritten } from "@holdfast/aws";
import { keyIdOf, type Sign, type TrustedKeys } from "@holdfast/core";
import { environment } from "./environment.ts";

// Clients are made once and used by every invocation of the process; credentials come from the function's role.
const kms = new KMSClient();
const secretsManager = new SecretsManagerClient();
export const secrets = secretsOf(secretsManager);
export const written = secretsWritten(secretsManager);
export const identity = identityOf(new STSClient());
export const cipher = kmsCipher(kms);
export const signer = (): Sign => kmsSign(kms, environment.HOLDFAST_SIGNING_KEY, environment.HOLDFAST_SIGNING_PEM);

/** The deployment's own keys and those that the plan lists. */
export function trusted(listed: TrustedKeys, ...pems: string[]): TrustedKeys {
  return { ...listed, ...Object.fromEntries(pems.map((pem) => [keyIdOf(pem), pem])) };
}
