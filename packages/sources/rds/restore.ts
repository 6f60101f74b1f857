import type { RestoreFactory } from "@holdfast/core";
import type { Target } from "./config.ts";
import { PACE, type Pace } from "./ending.ts";
import { instanceRestores } from "./instancerestores.ts";
import { instances } from "./instances.ts";
import type { Native } from "./native.ts";
import { restoring } from "./restoring.ts";
import type { Facts } from "./survey.ts";

/** Restores an instance under a new identifier. */
export const restoreAt =
  (pace: Pace): RestoreFactory<Native, Target, Facts> =>
  (target, surroundings) =>
    restoring({ snapshots: instances, restores: instanceRestores, pace }, target, surroundings);
export const restore = restoreAt(PACE);
