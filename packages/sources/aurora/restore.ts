import type { RestoreFactory } from "@holdfast/core";
import { PACE, type Pace } from "../rds/ending.ts";
import { restoring } from "../rds/restoring.ts";
import type { Facts } from "../rds/survey.ts";
import { clusterRestores } from "./clusterrestores.ts";
import { clusters } from "./clusters.ts";
import type { Target } from "./config.ts";
import type { Native } from "./native.ts";

/** Restores a cluster with its instances under a new identifier. */
export const restoreAt =
  (pace: Pace): RestoreFactory<Native, Target, Facts> =>
  (target, surroundings) =>
    restoring({ snapshots: clusters, restores: clusterRestores, pace }, target, surroundings);
export const restore = restoreAt(PACE);
