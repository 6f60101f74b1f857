import { type Context, type Held, type Prune, slotTime } from "@holdfast/core";
import type { Api, OpenApi } from "./api.ts";
import { SnapshotNotOurs } from "./errors.ts";
import type { Snapshot, Snapshots } from "./family.ts";
import { isRaw } from "./names.ts";
import { isLost } from "./status.ts";
import { PROJECT, SLOT, SOURCE } from "./tags.ts";

/**
 * Where snapshots of one database stand: at the source itself, or where they were copied to. `open` asks the RDS of that place; `of` is how the
 * database is called there.
 */
export type PrunePlace = { name: string; snapshots: Snapshots<unknown>; of: string; open: OpenApi };

/** Deletes snapshots that carry this deployment's tags, and asks for the tags again right before. */
export function pruning(places: readonly PrunePlace[], project: string): Prune {
  return {
    async held(source, context) {
      return (await Promise.all(places.map((place) => heldAt(place, project, source, context)))).flat();
    },
    async remove(source, held, context) {
      const place = places.find(({ name }) => name === held.place);
      if (!place) throw new SnapshotNotOurs(held.id, `stands at ${held.place}, which the plan does not name`);
      await removeAt(place, { project, source, slot: held.slot }, held.id, place.open(context));
    },
  };
}

/** Also of a database that is gone: its snapshots outlive it. */
async function heldAt(place: PrunePlace, project: string, source: string, context: Context): Promise<Held[]> {
  const all = await place.snapshots.list(place.open(context), place.of, "manual");
  return all.flatMap((snapshot) => {
    const slot = snapshot.tags[SLOT] ?? "";
    const due = slotTime(slot);
    if (snapshot.tags[PROJECT] !== project || snapshot.tags[SOURCE] !== source || !due) return [];
    // Of copies RDS tells when the data are from, and of what failed perhaps no time at all; nothing was begun before its slot.
    const at = new Date(Math.max(due.getTime(), snapshot.at.getTime()));
    return [{ id: snapshot.id, place: place.name, slot, state: stateOf(snapshot), at }];
  });
}

function stateOf({ id, status }: Snapshot): Held["state"] {
  if (isLost(status)) return "failed";
  if (status !== "available") return "begun";
  return isRaw(id) ? "passing" : "whole";
}

/** A name may have changed hands since it was listed. */
async function removeAt(
  { snapshots, of }: PrunePlace,
  { project, source, slot }: { project: string; source: string; slot: string },
  id: string,
  api: Api,
): Promise<void> {
  const found = await snapshots.find(api, id);
  if (!found) return;
  if (found.of !== of || found.tags[PROJECT] !== project || found.tags[SOURCE] !== source || found.tags[SLOT] !== slot)
    throw new SnapshotNotOurs(id, `is not what ${project} took of ${of} for the slot ${slot} of ${source}`);
  await snapshots.remove(api, id);
}
