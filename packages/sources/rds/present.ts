import type { Finding, Read } from "@holdfast/core";
import { type Api, HIDDEN, type OpenApi } from "./api.ts";
import { doubts } from "./doubts.ts";
import type { Snapshots } from "./family.ts";
import type { Recorded, Written } from "./recorded.ts";

/**
 * Proves that a snapshot is present: described, available, still what the manifest tells of it, its key enabled. There is nothing to open: what is
 * inside is proven by a restore alone.
 */
export function present<Settings>(snapshots: Snapshots<Settings>, open: OpenApi): Read<Written<Settings>> {
  return {
    async read({ backup }, previous, context, recent = []) {
      const { snapshot } = backup.native;
      const broken = await lookAt(snapshots, open(context), snapshot);
      const before = recent.map(({ native }) => native.snapshot);
      return [...broken, ...(previous ? doubts(snapshot, previous.backup.native.snapshot, before) : [])];
    },
  };
}

const refuse = (name: string, message: string, hint: string): Finding => ({ name, severity: "refuse", message, hint });

async function lookAt(snapshots: Snapshots<unknown>, api: Api, { id, arn, resource, key }: Recorded): Promise<Finding[]> {
  const found = await snapshots.find(api, id);
  if (!found)
    return [
      refuse(
        "snapshot-gone",
        `the snapshot ${id} does not exist any more`,
        "Somebody deleted it (CloudTrail knows who), or its account or region is another one. Restore another backup; snapshots have no lock.",
      ),
    ];
  if (found.arn !== arn || found.resource !== resource || found.key !== key)
    return [
      refuse(
        "snapshot-replaced",
        `the snapshot ${id} is not the one that was taken: ${differences(found, { arn, resource, key })}`,
        "Somebody deleted it and made another of its name. Find out who, and restore another backup.",
      ),
    ];
  if (found.status !== "available")
    return [
      refuse(
        "snapshot-not-available",
        `the snapshot ${id} is ${found.status}`,
        "It cannot be restored as it is; look at it in the RDS console.",
      ),
    ];
  return await keyOf(api, id, key);
}

function differences(found: Pick<Recorded, "arn" | "resource" | "key">, told: Pick<Recorded, "arn" | "resource" | "key">): string {
  const fields = ["arn", "resource", "key"] as const;
  return fields.flatMap((field) => (found[field] === told[field] ? [] : `${field} ${found[field] ?? "none"}`)).join(", ");
}

async function keyOf(api: Api, id: string, key: string | undefined): Promise<Finding[]> {
  if (key === undefined) return [];
  const state = (await api.key(key))?.state ?? HIDDEN;
  if (state === "Enabled") return [];
  return [
    refuse(
      "snapshot-key-unusable",
      `the key ${key} of the snapshot ${id} is ${state}`,
      "Enable it or cancel its deletion: without it nobody can restore the snapshot, AWS included.",
    ),
  ];
}
