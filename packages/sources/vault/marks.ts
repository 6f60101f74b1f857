import type { Made, RestorePlan } from "@holdfast/core";
import { REPLACED } from "./planrestore.ts";

/** When the server said that it took the whole snapshot. */
const TAKEN = "snapshot taken";
/** Since when the node that took it had been active: another time afterwards means that it has loaded new data, whatever its cluster's id. */
const ACTIVE_BEFORE = "active before since";
/** When it was found sealed by a call that did not know of any upload: one that died may have made it. */
const FOUND_SEALED = "found sealed";

/** What calls of `advance` tell the next one. Travels in what was made, since a state machine carries nothing else. */
export type Marks = {
  /** The id of the cluster that is being replaced. */
  replaced: string;
  taken?: Date | undefined;
  activeBefore?: string | undefined;
  foundSealed?: Date | undefined;
};

export function readMarks(plan: Pick<RestorePlan, "creates">, made: readonly Made[]): Marks {
  const find = (what: string) => [...made, ...plan.creates].find((it) => it.what === what)?.id;
  const date = (what: string) => {
    const text = find(what);
    return text === undefined ? undefined : new Date(text);
  };
  return {
    replaced: find(REPLACED) ?? "",
    taken: date(TAKEN),
    activeBefore: find(ACTIVE_BEFORE),
    foundSealed: date(FOUND_SEALED),
  };
}

export function writeMarks({ creates }: Pick<RestorePlan, "creates">, { taken, activeBefore, foundSealed }: Marks): Made[] {
  const mark = (what: string, id: string | undefined) => (id === undefined ? [] : [{ what, id, passing: true } as const]);
  return [
    ...creates,
    ...mark(TAKEN, taken?.toISOString()),
    ...mark(ACTIVE_BEFORE, activeBefore),
    ...mark(FOUND_SEALED, foundSealed?.toISOString()),
  ];
}

/** What stays once a restore is over: the cluster. The rest was for the calls among themselves. */
export const lasting = (made: readonly Made[]): Made[] => made.filter(({ passing }) => !passing);
