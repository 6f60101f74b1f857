import type { Action } from "../home.ts";
import * as account from "./account.ts";
import * as backups from "./backups.ts";
import * as clusters from "./clusters.ts";
import * as copies from "./copies.ts";
import * as events from "./events.ts";
import * as groups from "./groups.ts";
import * as instances from "./instances.ts";
import * as modify from "./modify.ts";
import * as pointInTime from "./pointintime.ts";
import * as restores from "./restores.ts";
import * as sharing from "./sharing.ts";
import * as snapshots from "./snapshots.ts";
import * as tags from "./tags.ts";

const modules: Readonly<Record<string, unknown>>[] = [
  account,
  backups,
  clusters,
  copies,
  events,
  groups,
  instances,
  modify,
  pointInTime,
  restores,
  sharing,
  snapshots,
  tags,
];

/** All actions by the API's own names, which are those of the functions: what begins in upper case is one. */
export const actions: ReadonlyMap<string, Action> = new Map(
  modules.flatMap((module) => Object.entries(module)).filter((entry): entry is [string, Action] => /^[A-Z]/.test(entry[0])),
);
