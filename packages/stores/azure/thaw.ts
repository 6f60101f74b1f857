import { ObjectArchived, ObjectMissing, type StoreThaw } from "@holdfast/core";
import { type Azure, call } from "./call.ts";
import { head } from "./head.ts";
import { pinned } from "./stored.ts";

/**
 * Moves an archived blob back to the cool tier, which takes up to 15 hours
 * (https://learn.microsoft.com/azure/storage/blobs/archive-rehydrate-overview). It then stays there: `days` is for lifecycle rules to keep,
 * which archive again what `daysAfterLastTierChangeGreaterThan` lets them.
 */
export function azureThaw(azure: Azure): StoreThaw {
  return {
    async thaw({ key, version }) {
      const found = await head(azure, { key, version });
      if (!found) throw new ObjectMissing(key);
      // Asked of a blob that is not archived, it would move that too.
      if (found.access !== "archived") return found.access === "now" ? "ready" : "thawing";
      const headers = { "x-ms-access-tier": "Cool", "x-ms-rehydrate-priority": "Standard" };
      const { query } = pinned(version);
      try {
        const { status } = await call(azure, { action: "Set Blob Tier", method: "PUT", key, query: { comp: "tier", ...query }, headers });
        return status === 200 ? "ready" : "thawing";
      } catch (error) {
        // Somebody else asked meanwhile.
        if (error instanceof ObjectArchived) return "thawing";
        throw error;
      }
    },
  };
}
