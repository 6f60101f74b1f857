import type { Stay } from "@holdfast/cli/src/history.ts";
import { answersOf, wordFor } from "@holdfast/cli/src/restoresteps.ts";
import type { Steps } from "./steps.ts";

/** Nothing to see in them here: nothing is archived, and what somebody is asked is shown as the notice that they get. */
const quiet: readonly string[] = ["Survey", "Thaw", "Ask", "WaitForStep", "HandOver"];

/** Shows the states of a restore that have passed, from the `from`th on; one that says what the one before it said is left out. */
export function tell(stays: readonly Stay[], from: number, steps: Steps): void {
  let before = "";
  for (const [i, stay] of stays.entries()) {
    if (quiet.includes(stay.state) && !stay.failed) continue;
    const [first = "", ...more] = linesOf(stay);
    const seconds = stay.left ? (stay.left.getTime() - stay.entered.getTime()) / 1000 : 0;
    if (i >= from && first !== before) {
      steps.detail(seconds, first);
      for (const line of more) steps.detail(undefined, `- ${line}`);
    }
    before = first;
  }
}

function linesOf(stay: Stay): string[] {
  const answers = stay.failed ? [`failed: ${stay.failed.error}`] : answersOf(stay);
  const word = wordFor(stay.state) ?? stay.state;
  return stay.state === "Plan" ? [word, ...answers] : [[word, answers[0]].filter(Boolean).join(": ")];
}
