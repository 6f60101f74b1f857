import { ofUse, type StoreKind, tokenFor } from "@holdfast/core";
import { config, type GcsConfig, isLoopback } from "./config.ts";
import { setup } from "./setup.ts";

export type { GcsConfig } from "./config.ts";

/** Its archive class is read at once, so nothing thaws. Rights are given in Google; of AWS a JWT needs one, and GetCallerIdentity none. */
export const gcs: StoreKind<GcsConfig> = {
  name: "gcs",
  config,
  expires: () => true,
  login: { form: "a service account's key as Google's JSON file", environment: { GOOGLE_APPLICATION_CREDENTIALS: "file" } },
  place: ({ endpoint, location }) => ({
    cloud: endpoint !== undefined && isLoopback(endpoint) ? "local" : "google",
    region: location,
    field: "location",
  }),
  setup,
  needs: (_rights, { credentials, federation }, use) => ({
    secrets: credentials === undefined ? [] : [ofUse(credentials, use)],
    allow: federation?.provider === "oidc" ? [tokenFor([`https:${federation.audience}`])] : [],
  }),
};
