import { ofUse, type StoreKind, tokenFor } from "@holdfast/core";
import { type AzureConfig, audience, config, isLoopback } from "./config.ts";
import { setup } from "./setup.ts";

export type { AzureConfig } from "./config.ts";

/** Azure Blob Storage. Rights are given there; AWS checks only that the role may show who it is. */
export const azure: StoreKind<AzureConfig> = {
  name: "azure",
  config,
  expires: () => true,
  place: ({ endpoint, region }) => ({
    cloud: endpoint !== undefined && isLoopback(endpoint) ? "local" : "azure",
    region: region?.replaceAll(" ", ""),
    field: "region",
  }),
  setup,
  needs(rights, { federation, credentials }, use) {
    if (rights.length === 0) return { secrets: [], allow: [] };
    return {
      secrets: credentials === undefined ? [] : [ofUse(credentials, use)],
      allow: federation === undefined ? [] : [tokenFor([audience])],
    };
  },
};
