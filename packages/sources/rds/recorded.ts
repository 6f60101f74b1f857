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

/** A finished snapshot as a manifest tells it. Throws {@link SnapshotTagsUnusable}. */
export async function recorded<Settings>(
  at: { api: Api; snapshots: Snapshots<Settings>; settings: z.ZodType<Settings> },
  snapshot: Snapshot,
): Promise<Written<Settings>> {
  const { arn, id, of, resource, engine, version, gigabytes, key, tags } = snapshot;
  const taken = tags[TAKEN] ?? snapshot.at.toISOString();
  const how = tags[HOW] === "copied" ? "copied" : "taken";
  return { snapshot: { arn, id, of, resource, engine, version, gigabytes, key, taken, how }, settings: await settingsOf(at, snapshot) };
}

/** Those of the moment of the snapshot, from its tags; else, where somebody took those away, the database's own now. */
async function settingsOf<Settings>(
  { api, snapshots, settings }: { api: Api; snapshots: Snapshots<Settings>; settings: z.ZodType<Settings> },
  { id, of, resource, tags }: Snapshot,
): Promise<Settings> {
  const parsed = settings.safeParse(settingsFromTags(tags));
  if (parsed.success) return parsed.data;
  const database = await snapshots.database(api, of);
  if (!database || database.resource !== resource) throw new SnapshotTagsUnusable(id, { cause: parsed.error });
  return database.settings;
}
