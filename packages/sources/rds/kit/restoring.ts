import { setTimeout as pause } from "node:timers/promises";
import type { Made, Opened, Restore, RestorePlan, Step, Want } from "@holdfast/core";
import type { Facts } from "../survey.ts";
import { aContext, executionOf } from "./world.ts";

export type Loaded = Extract<Step, { state: "loaded" }>;

/** Surveys and plans. */
export async function planned<Native>(of: Restore<Native, Facts>, { backup }: Opened<Native>, want: Want = {}) {
  const facts = await of.survey(backup, want, aContext());
  return of.plan(backup, want, facts, { id: "any" });
}

export async function allowed<Native>(of: Restore<Native, Facts>, opened: Opened<Native>, want: Want = {}): Promise<RestorePlan> {
  const plan = await planned(of, opened, want);
  if ("refused" in plan) throw new Error(plan.refused.message);
  return plan;
}

/** Goes on until it is loaded, as the workflow does, without its waits. `notes` gets what each step tells. */
export async function loaded<Native>(
  of: Restore<Native, Facts>,
  opened: Opened<Native>,
  plan: RestorePlan,
  id: string,
  notes: string[] = [],
): Promise<Loaded> {
  for (let made: readonly Made[] = []; ; ) {
    const step = await of.advance(plan, opened, {}, made, executionOf(id), aContext());
    if (step.state === "loaded") return step;
    made = step.made;
    notes.push(step.note);
    await pause(80);
  }
}
