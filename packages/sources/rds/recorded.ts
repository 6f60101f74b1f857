import type { Finding } from "@holdfast/core";
import type { z } from "zod";
import type { Api } from "./api.ts";
import { SnapshotTagsUnusable } from "./errors.ts";
import type { Snapshot, Snapshots } from "./family.ts";
import { HOW, settingsFromTags, TAKEN } from "./tags.ts";

/** What manifests of instances and clusters have in common. */
export type Recorded = {
  arn: string;
  id: string;
  of: string;
  resource: string;
  engine: string;
  version: string;
  gigabytes: number;
  key?: string | undefined;
  taken: string;
  how: "taken" | "copied";
};
export type Written<Settings> = { snapshot: Recorded; settings: Settings };

/** A finished snapshot as a manifest tells it, and what somebody should know of that. Throws {@link SnapshotTagsUnusable}. */
export async function recorded<Settings>(
  at: { api: Api; snapshots: Snapshots<Settings>; settings: z.ZodType<Settings> },
  snapshot: Snapshot,
): Promise<{ native: Written<Settings>; findings: Finding[] }> {
  const { arn, id, of, resource, engine, version, gigabytes, key, tags } = snapshot;
  const taken = tags[TAKEN] ?? snapshot.at.toISOString();
  const how = tags[HOW] === "copied" ? "copied" : "taken";
  const { settings, findings } = await settingsOf(at, snapshot);
  return { native: { snapshot: { arn, id, of, resource, engine, version, gigabytes, key, taken, how }, settings }, findings };
}

/** Those of the moment of the snapshot, from its tags; else, where somebody took those away, the database's own now. */
async function settingsOf<Settings>(
  { api, snapshots, settings }: { api: Api; snapshots: Snapshots<Settings>; settings: z.ZodType<Settings> },
  { id, of, resource, tags }: Snapshot,
): Promise<{ settings: Settings; findings: Finding[] }> {
  const parsed = settings.safeParse(settingsFromTags(tags));
  if (parsed.success) return { settings: parsed.data, findings: [] };
  const database = await snapshots.database(api, of);
  if (!database || database.resource !== resource) throw new SnapshotTagsUnusable(id, { cause: parsed.error });
  return { settings: database.settings, findings: [settingsOfToday(id)] };
}

const settingsOfToday = (id: string): Finding => ({
  name: "settings-of-today",
  severity: "note",
  message: `the tags of the snapshot ${id} do not tell the settings of its moment, so those of today were recorded`,
  hint: "Leave the tags holdfast:settings-… alone. Before a restore compare what it would set with what the database had then.",
});
