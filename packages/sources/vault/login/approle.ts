import type { Secrets } from "@holdfast/core";
import type { Login } from "../config.ts";
import type { Attempt } from "./method.ts";
import { readFields } from "./secret.ts";

/** https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle */
export async function approle({ secret, mount }: Extract<Login, { method: "approle" }>, secrets: Secrets): Promise<Attempt> {
  const { role_id, secret_id } = await readFields(secrets, secret, ["role_id", "secret_id"]);
  return {
    body: { role_id, secret_id },
    how: `AppRole at ${mount}/ with the secret ${secret}`,
    secret: [role_id, secret_id],
    hint: (said) => `${causeOf(said)} Write the pair that is right into the secret ${secret}.`,
  };
}

function causeOf(said: string): string {
  if (/role id|role_id|role ID/.test(said) && !/secret/i.test(said)) return "The role id is wrong, or its role was deleted.";
  if (/source address|CIDR|unauthorized/i.test(said)) return "The secret id is bound to other addresses than the function's.";
  return "The role id is wrong, or the secret id is wrong, expired, used up (secret_id_ttl, secret_id_num_uses), bound to other addresses, or younger than a restore.";
}
