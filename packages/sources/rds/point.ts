import type { Want } from "@holdfast/core";
import type { Recorded } from "./recorded.ts";

/** Stands in a plan that restores from the log of the database itself, up to that time, instead of from the snapshot. */
export const POINT = "point in time";
/** Stands beside it where the database runs another major version by now than the backup was of: the groups that were recorded fit no more. */
export const UPGRADED = "upgraded to";

export type Window = { earliest: string; latest: string };

/** The time to go to, where it lies in the automated window and the snapshot is not of that very moment. */
export function pointOf(
  { time, settingsOnly }: Pick<Want, "time" | "settingsOnly">,
  window: Window | undefined,
  { taken }: Pick<Recorded, "taken">,
): string | undefined {
  if (time === undefined || window === undefined) return undefined;
  const at = Date.parse(time);
  if (at < Date.parse(window.earliest) || at > Date.parse(window.latest)) return undefined;
  const same = at === Date.parse(taken) && !settingsOnly;
  return same ? undefined : new Date(at).toISOString();
}

/** Whether groups of parameters and options of the one version fit the other: 17.4 and 17.5, but not 8.0.40 and 8.4.3. */
export const isSameFamily = (engine: string, one: string, other: string): boolean => familyOf(engine, one) === familyOf(engine, other);
const familyOf = (engine: string, version: string): string =>
  version
    .split(".")
    .slice(0, engine.includes("postgres") ? 1 : 2)
    .join(".");
