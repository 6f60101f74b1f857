import type { ReadFactory } from "@holdfast/core";
import { openApi } from "./api.ts";
import { instances } from "./instances.ts";
import type { Native } from "./native.ts";
import { present } from "./present.ts";

/** Proves that a snapshot of an instance is present. */
export const read: ReadFactory<Native> = (surroundings) => present(instances, openApi(surroundings));
