import { expiryDays, type Keep, type Tier, tierDays, tiers } from "./keep.ts";
import { abortUploadDays, archiveAfterDays, archiveFromDays, noncurrentDays } from "./margins.ts";

/**
 * What may be deleted in a store, and when, in no store's words. Each asks for the mark *and* the age: a wrong mark still meets the age and the
 * lock, and when nothing runs, nothing is marked and nothing expires. Days count from creation.
 */
export type Lifecycle = {
  /** Objects marked `release: "{days}d"` may expire at that age; one rule each. */
  releases: readonly number[];
  /** Long tiers, whose objects move to a cheaper class. */
  archived: readonly Tier[];
  archiveAfterDays: number;
  /** Objects marked as garbage may expire at that age. */
  garbageDays: number;
  /** Nothing is unlocked before the youngest age at which anything may expire. */
  lockDays: number;
  noncurrentDays: number;
  abortUploadDays: number;
};

/** For a store that holds backups kept so. Without keeps: what nobody released is kept, and locks have the length of the usual shortest keep. */
export function lifecycleOf(keeps: readonly Keep[]): Lifecycle {
  const shortest = Math.min(...expiryDays(keeps), usualDays);
  return {
    releases: expiryDays(keeps),
    archived: tiers.filter((tier) => keeps.some((keep) => tierDays(keep, tier) >= archiveFromDays)),
    archiveAfterDays,
    garbageDays: shortest,
    lockDays: shortest,
    noncurrentDays,
    abortUploadDays,
  };
}
/** A keep longer than the field's default must not lock longer than that: garbage would stay as long. */
const usualDays = 30;
