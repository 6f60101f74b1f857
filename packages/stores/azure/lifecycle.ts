import type { Lifecycle } from "@holdfast/core";

type Days = { daysAfterModificationGreaterThan: number } | { daysAfterCreationGreaterThan: number };
export type AzureRule = {
  name: string;
  enabled: true;
  type: "Lifecycle";
  definition: {
    filters: { blobTypes: ["blockBlob"]; prefixMatch: string[]; blobIndexMatch?: { name: string; op: "=="; value: string }[] };
    actions: { baseBlob?: { delete?: Days; tierToCold?: Days }; version?: { delete: Days } };
  };
};

/**
 * https://learn.microsoft.com/azure/storage/blobs/lifecycle-management-policy-structure: names are letters and digits; rules match index tags by equality, on current versions
 * alone. What they delete becomes an earlier version, which another rule ends. A tag does not change when a blob was modified.
 * Long tiers go to the cold tier, which is read at once: thawing would need a right to write, and up to 15 hours, on the day when all else is gone.
 */
export function azureLifecycle(
  lifecycle: Lifecycle,
  { container, versions }: { container: string; versions: boolean },
): { rules: AzureRule[] } {
  const prefixMatch = [`${container}/backups/`];
  const rule = (name: string, actions: AzureRule["definition"]["actions"], tag?: [name: string, value: string]): AzureRule => ({
    name,
    enabled: true,
    type: "Lifecycle",
    definition: {
      filters: {
        blobTypes: ["blockBlob"],
        prefixMatch,
        ...(tag ? { blobIndexMatch: [{ name: tag[0], op: "==", value: tag[1] }] } : {}),
      },
      actions,
    },
  });
  const old = (days: number): Days => ({ daysAfterModificationGreaterThan: days });
  return {
    rules: [
      ...lifecycle.releases.map((days) => rule(`release${days}d`, { baseBlob: { delete: old(days) } }, ["release", `${days}d`])),
      ...lifecycle.archived.map((tier) =>
        rule(`archive${tier}`, { baseBlob: { tierToCold: old(lifecycle.archiveAfterDays) } }, ["tier", tier]),
      ),
      rule("garbage", { baseBlob: { delete: old(lifecycle.garbageDays) } }, ["garbage", "true"]),
      ...(versions ? [rule("earlierVersions", { version: { delete: { daysAfterCreationGreaterThan: lifecycle.lockDays } } })] : []),
    ],
  };
}
