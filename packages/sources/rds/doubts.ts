import { type Finding, middleOf } from "@holdfast/core";
import type { Recorded } from "./recorded.ts";

/** Of what Aurora tells to be used, below which a database has lost most of what it held. It never gives back the last gigabytes. */
const COLLAPSED = 0.5;
const SMALLEST = 20;

/** What looks wrong beside the backup before, and in size beside the last few, `recent`. What an instance has allocated never shrinks, so there only a replacement shows. */
export function doubts(now: Recorded, before: Recorded, recent: readonly Recorded[] = []): Finding[] {
  const found: Finding[] = [];
  if (now.resource !== before.resource)
    found.push({
      name: "another-database",
      severity: "doubt",
      message: `${now.of} is not the database that it was in the backup before: it was made anew under the same name`,
      hint: "After a restore or a rename that is right. Look whether it holds what it should. If it does, `holdfast accept` clears the doubt; else restore an earlier backup.",
    });
  if (now.engine !== before.engine)
    found.push({
      name: "engine-changed",
      severity: "doubt",
      message: `${now.of} runs ${now.engine} and ran ${before.engine}`,
      hint: "Look whether it is the database you mean. If it is, `holdfast accept` clears the doubt.",
    });
  else if (now.version !== before.version)
    found.push({
      name: "version-changed",
      severity: "note",
      message: `${now.of} runs version ${now.version} and ran ${before.version}`,
      hint: "Nothing to do. A restore comes up with the version of its own snapshot.",
    });
  return [...found, ...collapsed(now, before, recent)];
}

/** At once since the backup before, or little by little since the last few. */
function collapsed(now: Recorded, before: Recorded, recent: readonly Recorded[]): Finding[] {
  const lost = (earlier: number) => earlier >= SMALLEST && now.gigabytes < earlier * COLLAPSED;
  const middle = middleOf(recent.map(({ gigabytes }) => gigabytes)) ?? 0;
  const had = lost(before.gigabytes)
    ? `had ${before.gigabytes}`
    : lost(middle) && `the last ${recent.length} backups have ${middle} in the middle`;
  if (!had) return [];
  return [
    {
      name: "size-collapsed",
      severity: "doubt",
      message: `${now.of} has ${now.gigabytes} GiB and ${had}`,
      hint: "Look whether it lost its data. If that was meant, `holdfast accept` clears the doubt.",
    },
  ];
}
