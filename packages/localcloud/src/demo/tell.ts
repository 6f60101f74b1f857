import type { Stay } from "@holdfast/cli/src/history.ts";
import { answerOf, wordFor } from "@holdfast/cli/src/restoresteps.ts";
import { z } from "zod";
import type { Steps } from "./steps.ts";
import type { Subject } from "./subject.ts";

/** Nothing to see in them here: nothing is archived, and what somebody is asked is shown as the notice that they get. */
const quiet: readonly string[] = ["Survey", "Thaw", "Ask", "WaitForStep", "HandOver"];
const planned = z.object({ plan: z.object({ steps: z.array(z.string()) }) });
const advanced = z.object({ note: z.string().optional(), made: z.array(z.object({ what: z.string(), id: z.string() })) });

/** Shows a state of a restore that has passed. */
export function tell(stay: Stay, { makes }: Pick<Subject, "makes">, steps: Steps): void {
  if (quiet.includes(stay.state) && !stay.failed) return;
  const seconds = stay.left ? (stay.left.getTime() - stay.entered.getTime()) / 1000 : 0;
  const answer = stay.failed ? `failed: ${stay.failed.error}` : answered(stay, makes);
  steps.detail(seconds, [wordFor(stay.state), answer].filter(Boolean).join(": "));
  for (const step of stepsIn(stay)) steps.detail(undefined, `- ${step}`);
}

function answered(stay: Stay, makes: readonly string[]): string {
  if (stay.state === "Plan") return "";
  const step = advanced.safeParse(stay.output).data;
  if (stay.state !== "Advance" || !step) return answerOf(stay);
  const made = step.made.filter(({ what }) => makes.includes(what));
  return step.note ?? made.map(({ what, id }) => `${what} ${id}`).join(", ");
}

const stepsIn = ({ state, output }: Stay): string[] => (state === "Plan" ? (planned.safeParse(output).data?.plan.steps ?? []) : []);
