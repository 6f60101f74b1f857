import type { PruneFactory } from "@holdfast/core";
import { openApi } from "../rds/api.ts";
import { pruning } from "../rds/pruning.ts";
import { clusters } from "./clusters.ts";
import type { Config } from "./config.ts";

/** Deletes snapshots of one cluster that retention no longer wants. */
export const prune: PruneFactory<Config> = ({ cluster: of }, surroundings) =>
  pruning([{ name: "", snapshots: clusters, of, open: openApi(surroundings) }], surroundings.project);
