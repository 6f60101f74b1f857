import type { StoreKind } from "@holdfast/core";
import { z } from "zod";

const config = z.strictObject({
  /** Stores of one name are one store, as long as the process lives. */
  name: z.string().default("memory"),
});
export type MemoryConfig = z.infer<typeof config>;

/** Forgets with its process: for tests, and not among the kinds that a plan can name unless a test brings it. */
export const memory: StoreKind<MemoryConfig> = {
  name: "memory",
  config,
  expires: () => true,
  place: () => ({ cloud: "local", region: undefined, field: "" }),
  needs: () => ({ secrets: [], allow: [] }),
};
