import { rmSync } from "node:fs";
import type { OpenStore } from "@holdfast/core";
import { open as openAzure } from "@holdfast/stores/azure/open.ts";
import type { FrailConfig } from "./kind.ts";

export const open: OpenStore<FrailConfig> = async ({ of, kill }, surroundings) => {
  const store = await openAzure(of, surroundings);
  const put: typeof store.ranges.put = (...part) => {
    if (taken(kill)) process.exit(1);
    return store.ranges.put(...part);
  };
  return { ...store, ranges: { ...store.ranges, put } };
};

/** Whether it was there; of several that ask at once one hears so. */
function taken(file: string): boolean {
  try {
    rmSync(file);
    return true;
  } catch {
    return false;
  }
}
