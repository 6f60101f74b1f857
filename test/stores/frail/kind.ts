/** Azure's store, whose workers a test can hold and kill. Tests hand it to the plan; nothing outside this folder knows it. */
import type { StoreKind } from "@holdfast/core";
import { type AzureConfig, azure } from "@holdfast/stores/azure/kind.ts";
import { z } from "zod";

/** `folder`: while a file in it is called `hold`, nobody sends a part; whoever then finds one called `kill` takes it away and dies. */
const config = z.strictObject({ of: azure.config, folder: z.string() });
export type FrailConfig = { of: AzureConfig; folder: string };

export const kind: StoreKind<FrailConfig> = {
  name: "frail",
  config,
  expires: ({ of }) => azure.expires(of),
  place: ({ of }, home) => azure.place(of, home),
  needs: (rights, { of }, use) => azure.needs(rights, of, use),
};
