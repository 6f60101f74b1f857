import type { PruneFactory } from "@holdfast/core";
import { openApi } from "./api.ts";
import type { Config } from "./config.ts";
import { instances } from "./instances.ts";
import { pruning } from "./pruning.ts";
import { replicaPlaces } from "./replicaplaces.ts";

/** Deletes snapshots of one instance that retention no longer wants, and copies of them. */
export const prune: PruneFactory<Config> = ({ instance: of, replicas }, surroundings) => {
  const own = { name: "", snapshots: instances, of, open: openApi(surroundings) };
  return pruning([own, ...replicaPlaces({ replicas, of }, instances, surroundings)], surroundings.project);
};
