import type { Finding } from "@holdfast/core";
import type { Recorded } from "./recorded.ts";

/** Of what Aurora tells to be used, below which a database has lost most of what it held. It never gives back the last gigabytes. */
const COLLAPSED = 0.5;
const SMALLEST = 20;

/** What looks wrong beside the backup before. What an instance has allocated never shrinks, so there only a replacement shows. */
export function doubts(now: Recorded, before: Recorded): Finding[] {
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
