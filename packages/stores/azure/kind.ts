import { ofUse, type StoreKind, tokenFor } from "@holdfast/core";
import { type AzureConfig, audience, config, isLoopback } from "./config.ts";
import { setup } from "./setup.ts";

export type { AzureConfig } from "./config.ts";

/** Azure Blob Storage. Rights are given there; AWS checks only that the role may show who it is. */
export const azure: StoreKind<AzureConfig> = {
  name: "azure",
  config,
  expires: () => true,
  login: {
    form: '{"sas": "sv=…&sig=…"} or {"accountKey": "…"}',
    environment: {
      AZURE_STORAGE_SAS_TOKEN: (sas) => JSON.stringify({ sas }),
      AZURE_STORAGE_KEY: (accountKey) => JSON.stringify({ accountKey }),
    },
  },
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
