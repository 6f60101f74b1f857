import type { OpenStore } from "@holdfast/core";
import type { MemoryConfig } from "./kind.ts";
import { type MemoryStore, memoryStore } from "./memory.ts";

const opened = new Map<string, MemoryStore>();

/** The same store for the same name within one process. */
export const open: OpenStore<MemoryConfig> = async ({ name }) => {
  const store = opened.get(name) ?? memoryStore();
  opened.set(name, store);
  return store;
};
