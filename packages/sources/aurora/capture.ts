import type { CaptureFactory } from "@holdfast/core";
import { openApi } from "../rds/api.ts";
import { PACE, type Pace, snapshotting } from "../rds/snapshotting.ts";
import { writing } from "../rds/writing.ts";
import { clusters } from "./clusters.ts";
import type { Config } from "./config.ts";
import { type Native, settings } from "./native.ts";

/** Makes backups of one cluster: a manual snapshot a slot, found again by its tags. */
export const captureAt =
  (pace: Pace): CaptureFactory<Config, Native> =>
  ({ cluster: id, key, wait }, surroundings) => {
    const parts = { snapshots: clusters, settings, pace, project: surroundings.project };
    return writing("holdfast-aurora/1", snapshotting(parts, { id, key, wait }, openApi(surroundings)));
  };
export const capture = captureAt(PACE);
