import type { Stay } from "@holdfast/cli/src/history.ts";
import { answersOf, wordFor } from "@holdfast/cli/src/restoresteps.ts";
import type { Steps } from "./steps.ts";

/** Nothing to see in them here: nothing is archived, and what somebody is asked is shown as the notice that they get. */
const quiet: readonly string[] = ["Survey", "Thaw", "Ask", "WaitForStep", "HandOver"];

/** Shows a state of a restore that has passed. */
export function tell(stay: Stay, steps: Steps): void {
  if (quiet.includes(stay.state) && !stay.failed) return;
  const seconds = stay.left ? (stay.left.getTime() - stay.entered.getTime()) / 1000 : 0;
  const answers = stay.failed ? [`failed: ${stay.failed.error}`] : answersOf(stay);
  const several = stay.state === "Plan";
  steps.detail(seconds, [wordFor(stay.state), several ? "" : answers[0]].filter(Boolean).join(": "));
  for (const step of several ? answers : []) steps.detail(undefined, `- ${step}`);
}
