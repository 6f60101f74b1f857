/** Azure's store, whose workers a test can kill. Tests hand it to the plan; nothing outside this folder knows it. */
import type { StoreKind } from "@holdfast/core";
import { type AzureConfig, azure } from "@holdfast/stores/azure/kind.ts";
import { z } from "zod";

/** `kill`: while a file is called so, whoever is about to send a part takes it away and dies. */
const config = z.strictObject({ of: azure.config, kill: z.string() });
export type FrailConfig = { of: AzureConfig; kill: string };

export const kind: StoreKind<FrailConfig> = {
  name: "frail",
  config,
  expires: ({ of }) => azure.expires(of),
  place: ({ of }, home) => azure.place(of, home),
  needs: (rights, { of }, use) => azure.needs(rights, of, use),
};
