import { pathToFileURL } from "node:url";
import { type Lists, type Plan, parsePlan } from "@holdfast/core";
import { kinds } from "@holdfast/sources";
import { stores } from "@holdfast/stores";

/**
 * The plan of this deployment: `holdfast.config.ts`, or the file that HOLDFAST_PLAN names (the local stage and the tests have their own).
 * Besides its default export a plan file may export `kinds` and `stores` of its own.
 */
export async function loadPlan(): Promise<{ plan: Plan; lists: Lists }> {
  const file = process.env.HOLDFAST_PLAN;
  const found: { default: unknown; kinds?: Lists["kinds"]; stores?: Lists["stores"] } = file
    ? await import(pathToFileURL(file).href)
    : await import("../holdfast.config.ts");
  const lists = { kinds: { ...kinds, ...found.kinds }, stores: { ...stores, ...found.stores } };
  return { plan: parsePlan(found.default, lists), lists };
}
