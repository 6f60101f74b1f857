import type { CaptureFactory } from "@holdfast/core";
import { openApi } from "./api.ts";
import type { Config } from "./config.ts";
import { instances } from "./instances.ts";
import { type Native, settings } from "./native.ts";
import { PACE, type Pace, snapshotting } from "./snapshotting.ts";
import { writing } from "./writing.ts";

/** Makes backups of one instance: a manual snapshot a slot, found again by its tags. */
export const captureAt =
  (pace: Pace): CaptureFactory<Config, Native> =>
  ({ instance: id, key, wait }, surroundings) => {
    const parts = { snapshots: instances, settings, pace, project: surroundings.project };
    return writing("holdfast-rds/1", snapshotting(parts, { id, key, wait }, openApi(surroundings)));
  };
export const capture = captureAt(PACE);
