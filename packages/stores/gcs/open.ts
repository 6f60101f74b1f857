import { type OpenStore, ofUse } from "@holdfast/core";
import { type Access, keptAccess, nobody } from "./access.ts";
import type { Line } from "./call.ts";
import { federated } from "./federation.ts";
import { gcsStore, hostsOf, lineTo } from "./gcs.ts";
import { type GcsConfig, isLoopback } from "./config.ts";
import { byKey } from "./serviceaccount.ts";

type Surroundings = Parameters<OpenStore<GcsConfig>>[1];

/** Opens the store that the plan describes. Throws {@link SecretUnusable}. Nobody is asked for a token before the store is. */
export const open: OpenStore<GcsConfig> = async (config, surroundings) => {
  const local = config.endpoint !== undefined && isLoopback(config.endpoint);
  const line = lineTo(hostsOf(config.endpoint, local));
  const { bucket, limits, locks = !local } = config;
  const tighter = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  return gcsStore(line, { bucket, locks, limits: tighter, access: await accessFor(line, config, surroundings) });
};

async function accessFor(line: Line, config: GcsConfig, { identity, region, secrets, use }: Surroundings): Promise<Access> {
  const { federation, credentials } = config;
  if (federation) {
    const { serviceAccount: account } = federation;
    const own = { ...federation, serviceAccount: account && ofUse(account, use) };
    return keptAccess(federated(line, own, identity, region));
  }
  if (credentials === undefined) return nobody;
  const secret = ofUse(credentials, use);
  return keptAccess(byKey(line, secret, await secrets(secret)));
}
