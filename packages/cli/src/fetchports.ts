import path from "node:path";
import { catalogue, chooseBackup, type StoreList, type StoreRead, type TrustedKeys, type Unseal } from "@holdfast/core";
import type { Common } from "./command.ts";
import { dirStore } from "./dirstore.ts";
import { UsageWrong } from "./errors.ts";
import { unsealByKms, unsealWith } from "./identity.ts";
import { memo } from "./aws.ts";
import { openPlace, type Place } from "./place.ts";
import { sourceOf, verifiedBy } from "./plan.ts";
import { broughtKeys, deployedKeys, type TrustOptions, trustedKeys } from "./trust.ts";
import type { World } from "./world.ts";

export type FetchPorts = {
  store: { read: StoreRead; list: StoreList };
  trusted(): Promise<TrustedKeys>;
  unseal(): Promise<Unseal>;
  /** Read when a verified backup is to be chosen; throws where there is no plan. */
  place(): Promise<Place>;
};
export type FetchFrom = TrustOptions & { dir?: string; offlineKey?: string };

/**
 * Nothing is asked of AWS that the person brought along: bytes (`--dir`, `--from`), the key that opens (`--offline-key`), the keys that are
 * trusted (`--trust`, `--trust-key`). With all three there is no AWS, and with a folder the plan is not needed either.
 */
export async function fetchPorts(options: FetchFrom, common: Common, world: World): Promise<FetchPorts> {
  const { from, dir, offlineKey } = options;
  if (from !== undefined && dir !== undefined)
    throw new UsageWrong("--from and --dir name two places to read from", "Leave one of them out.");
  const at = (file: string) => path.resolve(world.cwd, file);
  const place = memo(() => openPlace(common, world));
  const store = dir === undefined ? await (await place()).store(from) : dirStore(at(dir));
  return {
    store,
    trusted: async () =>
      dir === undefined
        ? await trustedKeys(options, await place(), store, world.cwd)
        : await keysForFolder(options, store, place, world.cwd),
    unseal: async () => (offlineKey === undefined ? await unsealByKms(await place()) : await unsealWith(at(offlineKey))),
    place,
  };
}

/** A downloaded folder is opened where AWS may be gone and even the plan, so there what was brought has to do, or the plan's own list. */
async function keysForFolder(
  options: TrustOptions,
  store: FetchPorts["store"],
  place: () => Promise<Place>,
  cwd: string,
): Promise<TrustedKeys> {
  const brought = await broughtKeys(options, store, cwd);
  if (Object.keys(brought).length > 0) return brought;
  const { trust } = (await place()).plan;
  return Object.keys(trust).length > 0 ? trust : await deployedKeys(await place());
}

export async function latestSlot(source: string, ports: Pick<FetchPorts, "store" | "place">): Promise<string> {
  const { plan, lists } = await ports.place();
  const verified = verifiedBy(lists, sourceOf(plan, source));
  return chooseBackup(await catalogue(ports.store.list, source), { source, at: "latest", unverified: false }, { verified }).slot;
}
