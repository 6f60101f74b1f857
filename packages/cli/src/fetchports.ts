import path from "node:path";
import { catalogue, chooseBackup, type StoreList, type StoreRead, type TrustedKeys, type Unseal } from "@holdfast/core";
import type { Common } from "./command.ts";
import { dirStore } from "./dirstore.ts";
import { UsageWrong } from "./errors.ts";
import { unsealByKms, unsealWith } from "./identity.ts";
import { memo } from "./aws.ts";
import { openPlace, type Place } from "./place.ts";
import { sourceOf, verifiedBy } from "./plan.ts";
import { deployedKeys, keysIn } from "./trust.ts";
import type { World } from "./world.ts";

export type FetchPorts = {
  store: { read: StoreRead; list: StoreList };
  trusted(): Promise<TrustedKeys>;
  unseal(): Promise<Unseal>;
  /** Read when a verified backup is to be chosen; throws where there is no plan. */
  place(): Promise<Place>;
};
export type FetchFrom = { store?: string; dir?: string; identity?: string; trust?: string[] };

/**
 * Nothing is asked of AWS that the person brought along: bytes (`--dir`, `--store`), the key that opens (`--identity`), the keys that
 * are trusted (`--trust`). With all three there is no AWS, and the plan is not needed either.
 */
export async function fetchPorts({ store, dir, identity, trust = [] }: FetchFrom, options: Common, world: World): Promise<FetchPorts> {
  if (store !== undefined && dir !== undefined)
    throw new UsageWrong("--store and --dir name two places to read from", "Leave one of them out.");
  const at = (file: string) => path.resolve(world.cwd, file);
  const place = memo(() => openPlace(options, world));
  return {
    store: dir === undefined ? await (await place()).store(store) : dirStore(at(dir)),
    trusted: async () => (trust.length > 0 ? await keysIn(trust.map(at)) : await listedOrDeployed(await place(), dir !== undefined)),
    unseal: async () => (identity === undefined ? await unsealByKms(await place()) : await unsealWith(at(identity))),
    place,
  };
}

/** A downloaded folder is opened where AWS may be gone, so there the plan's own list has to do. */
const listedOrDeployed = (place: Place, downloaded: boolean): Promise<TrustedKeys> =>
  downloaded && Object.keys(place.plan.trust).length > 0 ? Promise.resolve(place.plan.trust) : deployedKeys(place);

export async function latestSlot(source: string, ports: Pick<FetchPorts, "store" | "place">): Promise<string> {
  const { plan, lists } = await ports.place();
  const verified = verifiedBy(lists, sourceOf(plan, source));
  return chooseBackup(await catalogue(ports.store.list, source), { source, at: "latest", unverified: false }, { verified }).slot;
}
