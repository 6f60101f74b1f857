import { GetSecretValueCommand, paginateListSecretVersionIds, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { type Secrets, SecretUnusable, type SecretWritten } from "@holdfast/core";
import { sdkName } from "./errors.ts";

/** Reads the current version of a secret. The value is in no error, and nothing is cached: rotation takes effect at the next run. */
export function secretsOf(client: SecretsManagerClient): Secrets {
  return async (name) => {
    const value = await fetchValue(client, name);
    if (value === undefined) throw new SecretUnusable(`the secret ${name} holds binary data`, "Store it as a text (JSON) secret.");
    return value;
  };
}

/** Looks at the versions of a secret: a change of its description or tags makes no key younger. */
export function secretsWritten(client: SecretsManagerClient): SecretWritten {
  return async (name) => {
    const current = await findCurrent(client, name);
    if (current) return current;
    throw new SecretUnusable(`the secret ${name} has no value`, "Write the key into it; until then nothing opens the store.");
  };
}

async function fetchValue(client: SecretsManagerClient, name: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
  } catch (cause) {
    throw unusable(name, "read", "Check that the plan names it, that this role may read it, and that its KMS key is enabled.", cause);
  }
}

async function findCurrent(client: SecretsManagerClient, name: string): Promise<Date | undefined> {
  try {
    for await (const { Versions = [] } of paginateListSecretVersionIds({ client }, { SecretId: name })) {
      const current = Versions.find(({ VersionStages = [] }) => VersionStages.includes("AWSCURRENT"));
      if (current) return current.CreatedDate;
    }
    return undefined;
  } catch (cause) {
    throw unusable(name, "looked at", "Check that the plan names it, and that this role may list its versions.", cause);
  }
}

function unusable(name: string, verb: string, hint: string, cause: unknown): SecretUnusable {
  const why = sdkName(cause);
  if (why !== "ResourceNotFoundException") return new SecretUnusable(`the secret ${name} could not be ${verb} (${why})`, hint, { cause });
  const create = "Create it in Secrets Manager under exactly this name, in the same region.";
  return new SecretUnusable(`there is no secret called ${name}`, create, { cause });
}
