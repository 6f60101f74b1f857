import { setTimeout as pause } from "node:timers/promises";
import { type OpenStore, ofUse, type Secrets, SecretUnusable } from "@holdfast/core";
import { z } from "zod";
import { jsonOf } from "../json.ts";
import { azureStore } from "./azure.ts";
import { bearer, type Credential, sharedAccess, sharedKey } from "./credential.ts";
import type { AzureConfig } from "./config.ts";
import { exchangedTokens } from "./token.ts";

/** Opens the store that the plan describes. Throws {@link SecretUnusable}. Asks for no token until the first call. */
export const open: OpenStore<AzureConfig> = async (config, { secrets, identity, use, now }) => {
  const { account, container, checksum, versions, locks, archive, limits } = config;
  const { federation, credentials = "" } = config;
  const credential = federation
    ? bearer(exchangedTokens({ ...federation, client: ofUse(federation.client, use) }, identity, { now, wait }))
    : await credentialFrom(ofUse(credentials, use), account, secrets);
  return azureStore({
    ...{ container, credential, now, wait, checksum, versions, locks, archive },
    endpoint: config.endpoint ?? `https://${account}.blob.core.windows.net`,
    limits: Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
  });
};

/** A third more or less, so that workers that were refused together do not come back together. */
const wait = (milliseconds: number) => pause(milliseconds * (0.67 + 0.66 * Math.random()));

const accountKey = z.strictObject({ accountKey: z.base64().min(1) });
const signature = z.strictObject({ sas: z.string().regex(/(^|[?&])sig=./) });
async function credentialFrom(name: string, account: string, secrets: Secrets): Promise<Credential> {
  const secret = jsonOf(await secrets(name));
  const key = accountKey.safeParse(secret);
  if (key.success) return sharedKey(account, key.data.accountKey);
  const sas = signature.safeParse(secret);
  if (sas.success) return sharedAccess(sas.data.sas);
  throw new SecretUnusable(
    `the secret ${name} is neither an account key nor a shared access signature`,
    'It must be JSON: {"accountKey": "…"} or {"sas": "sv=…&sig=…"}.',
  );
}
