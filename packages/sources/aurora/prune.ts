import type { PruneFactory } from "@holdfast/core";
import { openApi } from "../rds/api.ts";
import { pruning } from "../rds/pruning.ts";
import { replicaPlaces } from "../rds/replicaplaces.ts";
import { clusters } from "./clusters.ts";
import type { Config } from "./config.ts";

/** Deletes snapshots of one cluster that retention no longer wants, and copies of them. */
export const prune: PruneFactory<Config> = ({ cluster: of, replicas }, surroundings) => {
  const own = { name: "", snapshots: clusters, of, open: openApi(surroundings) };
  return pruning([own, ...replicaPlaces({ replicas, of }, clusters, surroundings)], surroundings.project);
};
