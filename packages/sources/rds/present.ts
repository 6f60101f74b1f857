import type { Finding, Read, Surroundings } from "@holdfast/core";
import { type Api, openApi } from "./api.ts";
import type { Snapshots } from "./family.ts";
import type { Recorded, Written } from "./recorded.ts";

/**
 * Proves that a snapshot is present: described, available, still what the manifest tells of it, its key enabled. There is nothing to open: what is
 * inside is proven by a restore alone.
 */
export function present<Settings>(snapshots: Snapshots<Settings>, surroundings: Surroundings): Read<Written<Settings>> {
  const open = openApi(surroundings);
  return {
    async read({ backup }, previous, context) {
      const { snapshot } = backup.native;
      const broken = await lookAt(snapshots, open(context), snapshot);
      return [...broken, ...(previous ? beside(snapshot, previous.backup.native.snapshot) : [])];
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
  const state = (await api.key(key))?.state ?? "not to be found";
  if (state === "Enabled") return [];
  return [
    refuse(
      "snapshot-key-unusable",
      `the key ${key} of the snapshot ${id} is ${state}`,
      "Enable it or cancel its deletion: without it nobody can restore the snapshot, AWS included.",
    ),
  ];
}

/** Of what Aurora tells to be used, below which a database has lost most of what it held. It never gives back the last gigabytes. */
const COLLAPSED = 0.5;
const SMALLEST = 20;

/** What looks wrong beside the backup before. What an instance has allocated never shrinks, so there only a replacement shows. */
function beside(now: Recorded, before: Recorded): Finding[] {
  const found: Finding[] = [];
  if (now.resource !== before.resource)
    found.push({
      name: "another-database",
      severity: "doubt",
      message: `${now.of} is not the database that it was in the backup before: it was made anew under the same name`,
      hint: "After a restore or a rename that is right. Look whether it holds what it should, and accept the backup or restore an earlier one.",
    });
  if (now.engine !== before.engine)
    found.push({
      name: "engine-changed",
      severity: "doubt",
      message: `${now.of} runs ${now.engine} and ran ${before.engine}`,
      hint: "Look whether it is the database you mean, and accept the backup.",
    });
  else if (now.version !== before.version)
    found.push({
      name: "version-changed",
      severity: "note",
      message: `${now.of} runs version ${now.version} and ran ${before.version}`,
      hint: "Nothing to do. A restore comes up with the version of its own snapshot.",
    });
  if (before.gigabytes >= SMALLEST && now.gigabytes < before.gigabytes * COLLAPSED)
    found.push({
      name: "size-collapsed",
      severity: "doubt",
      message: `${now.of} has ${now.gigabytes} GiB and had ${before.gigabytes}`,
      hint: "Look whether it lost its data. If that was meant, accept the backup.",
    });
  return found;
}
