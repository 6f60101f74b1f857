import type { Surroundings } from "@holdfast/core";
import { type OpenApi, openApi } from "./api.ts";
import type { Snapshots } from "./family.ts";
import type { PrunePlace } from "./pruning.ts";
import { assumed } from "./replicarole.ts";
import { destination, type Replica } from "./replicas.ts";

/** The services of the place where copies stand, with the rights of the role there where it is another account's. */
export function openAway({ region, role }: Replica, { region: home, project }: Pick<Surroundings, "region" | "project">): OpenApi {
  return openApi({ region }, role === undefined ? undefined : assumed(role, { region: home, project }));
}

/** Where copies stand, for whoever prunes. */
export const replicaPlaces = (
  { replicas, of }: { replicas: readonly Replica[]; of: string },
  snapshots: Snapshots<unknown>,
  surroundings: Pick<Surroundings, "region" | "project">,
): PrunePlace[] => replicas.map((replica) => ({ name: destination(replica), snapshots, of, open: openAway(replica, surroundings) }));
