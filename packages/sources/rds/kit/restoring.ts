import { setTimeout as pause } from "node:timers/promises";
import type { Backup, Opened, Restore, RestorePlan, Step, Want } from "@holdfast/core";
import type { Asked } from "../planrestore.ts";
import type { Facts } from "../survey.ts";
import { aContext, executionOf } from "./world.ts";

export type Loaded = Extract<Step, { state: "loaded" }>;
type Surveying<Native> = Restore<Native, Facts> & { survey(want: Want, context: unknown, backup: Backup<Native>): Promise<Facts> };

/** Surveys and plans. */
export async function planned<Native>(of: Restore<Native, Facts>, { backup }: Opened<Native>, want: Asked = {}) {
  const facts = await (of as Surveying<Native>).survey(want, aContext(), backup);
  return of.plan(backup, want, facts, { id: "any" });
}

export async function allowed<Native>(of: Restore<Native, Facts>, opened: Opened<Native>, want: Asked = {}): Promise<RestorePlan> {
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
  for (;;) {
    const step = await of.advance(plan, opened, {}, [], executionOf(id), aContext());
    if (step.state === "loaded") return step;
    notes.push(step.note);
    await pause(80);
  }
}
