import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { type Secrets, SecretUnusable } from "@holdfast/core";
import { sdkName } from "./errors.ts";

/** Reads the current version of a secret. The value is in no error, and nothing is cached: rotation takes effect at the next run. */
export function secretsOf(client: SecretsManagerClient): Secrets {
  return async (name) => {
    const value = await fetchValue(client, name);
    if (value === undefined) throw new SecretUnusable(`the secret ${name} holds binary data`, "Store it as a text (JSON) secret.");
    return value;
  };
}

async function fetchValue(client: SecretsManagerClient, name: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
  } catch (cause) {
    const why = sdkName(cause);
    if (why === "ResourceNotFoundException")
      throw new SecretUnusable(
        `there is no secret called ${name}`,
        `Create it in Secrets Manager under exactly this name, in the same region.`,
        { cause },
      );
    throw new SecretUnusable(
      `the secret ${name} could not be read (${why})`,
      "Check that the plan names it, that this role may read it, and that its KMS key is enabled.",
      { cause },
    );
  }
}
