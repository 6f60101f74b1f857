import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Lists, type Plan, parsePlan, type Source, UnknownSource } from "@holdfast/core";
import { kinds } from "@holdfast/sources";
import { stores } from "@holdfast/stores";
import { PlanUnreadable } from "./errors.ts";

export type LoadedPlan = { plan: Plan; lists: Lists };
type PlanFile = { default: unknown; kinds?: Lists["kinds"]; stores?: Lists["stores"] };

/** As the deployment loads it: the default export, with kinds and stores of its own beside Holdfast's. Throws {@link PlanUnreadable} and `PlanInvalid`. */
export async function loadPlan(file: string): Promise<LoadedPlan> {
  const found = await load(file);
  const lists = { kinds: { ...kinds, ...found.kinds }, stores: { ...stores, ...found.stores } };
  return { plan: parsePlan(found.default, lists), lists };
}

async function load(file: string): Promise<PlanFile> {
  const hint = "The plan is holdfast.config.ts in the repository; --plan names another file.";
  if (!existsSync(file)) throw new PlanUnreadable(`there is no plan at ${file}`, hint);
  try {
    return (await import(pathToFileURL(path.resolve(file)).href)) as PlanFile;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PlanUnreadable(`the plan ${file} cannot be loaded: ${why}`, hint, { cause });
  }
}

/** Throws {@link UnknownSource}. */
export function sourceOf(plan: Plan, name: string): Source {
  const found = Object.hasOwn(plan.sources, name) ? plan.sources[name] : undefined;
  if (!found) throw new UnknownSource(name, Object.keys(plan.sources));
  return found;
}
/** The one that was named, or all of them. */
export const sourcesOf = (plan: Plan, name: string | undefined): Source[] =>
  name === undefined ? Object.values(plan.sources) : [sourceOf(plan, name)];
export const verifiedBy = (lists: Lists, source: Source) => lists.kinds[source.kind]?.kind.verified ?? [];
