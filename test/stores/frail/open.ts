import { existsSync, unlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { OpenStore } from "@holdfast/core";
import { open as openAzure } from "@holdfast/stores/azure/open.ts";
import type { FrailConfig } from "./kind.ts";

export const open: OpenStore<FrailConfig> = async ({ of, folder }, surroundings) => {
  const store = await openAzure(of, surroundings);
  const put: typeof store.ranges.put = async (...part) => {
    while (existsSync(path.join(folder, "hold"))) await pause(20);
    if (taken(path.join(folder, "kill"))) process.exit(1);
    return await store.ranges.put(...part);
  };
  return { ...store, ranges: { ...store.ranges, put } };
};

/** Whether it was there; of several that ask at once one hears so. (`rmSync` looks first and then removes, and tells two of them.) */
function taken(file: string): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch {
    return false;
  }
}
