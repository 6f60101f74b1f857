import type { ReadFactory } from "@holdfast/core";
import { openApi } from "../rds/api.ts";
import { present } from "../rds/present.ts";
import { clusters } from "./clusters.ts";
import type { Native } from "./native.ts";

/** Proves that a snapshot of a cluster is present. */
export const read: ReadFactory<Native> = (surroundings) => present(clusters, openApi(surroundings));
