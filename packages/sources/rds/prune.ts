import type { PruneFactory } from "@holdfast/core";
import { openApi } from "./api.ts";
import type { Config } from "./config.ts";
import { instances } from "./instances.ts";
import { pruning } from "./pruning.ts";

/** Deletes snapshots of one instance that retention no longer wants. */
export const prune: PruneFactory<Config> = ({ instance: of }, surroundings) =>
  pruning([{ name: "", snapshots: instances, of, open: openApi(surroundings) }], surroundings.project);
