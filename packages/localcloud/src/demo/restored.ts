import type { Look } from "@holdfast/cli/src/cloud.ts";
import { reported, type Stay, staysOf } from "@holdfast/cli/src/history.ts";
import type { Place } from "@holdfast/cli/src/place.ts";
import { answerOf, type Outcome, outcome, wordFor } from "@holdfast/cli/src/restoresteps.ts";
import { DemoFailed } from "./errors.ts";
import { database, source, target } from "./plan.ts";
import type { Say, Steps } from "./steps.ts";
import { waitFor } from "./wait.ts";

export type Restored = { outcome: Outcome; seconds: number };

/** What a person would type into the console: three fields. */
export const input = { source, target, database };
const patience = 240;

/** Restores through the deployed state machine, and shows each state as it passes. Throws {@link DemoFailed} when it does not end well. */
export async function restoreShop(place: Place, steps: Steps, signal: AbortSignal): Promise<Restored> {
  return await steps.run(
    "restore",
    async (say) => {
      const machine = `arn:aws:states:${place.plan.region}:${await place.cloud.account()}:stateMachine:${place.name("restore")}`;
      const execution = await place.cloud.machines.start(machine, `${source}-to-${target}`, input, signal);
      return endOf(await follow(execution, place, steps, say, signal));
    },
    () => `restored by Step Functions with ${JSON.stringify(input)}`,
  );
}

async function follow(execution: string, { cloud }: Place, steps: Steps, say: Say, signal: AbortSignal): Promise<Look> {
  let told = 0;
  return await waitFor("the end of the restore", patience, signal, async () => {
    const found = await cloud.machines.look(execution, signal);
    const stays = staysOf(found.events).filter(({ state }) => wordFor(state) !== undefined);
    const left = stays.filter((stay) => stay.left !== undefined || found.status !== "RUNNING");
    for (const stay of left.slice(told)) tell(stay, steps);
    told = left.length;
    say(wordFor(stays.at(-1)?.state ?? "") ?? "");
    return found.status === "RUNNING" ? undefined : found;
  });
}

function tell(stay: Stay, steps: Steps): void {
  const seconds = stay.left ? (stay.left.getTime() - stay.entered.getTime()) / 1000 : 0;
  const answers = stay.failed ? [`failed: ${stay.failed.error}`] : answerOf(stay).split("; ");
  const [one = ""] = answers.length === 1 ? answers.splice(0) : [];
  steps.detail(seconds, [wordFor(stay.state), one].filter(Boolean).join(": "));
  for (const each of answers) steps.detail(undefined, each);
}

function endOf({ status, started, stopped, output, error, cause }: Look): Restored {
  if (status !== "SUCCEEDED") {
    const why = reported(error, cause);
    throw new DemoFailed(`the restore ended as ${status}: ${why.error}: ${why.message}`, "What it had made is removed by itself.");
  }
  return { outcome: outcome.parse(JSON.parse(output ?? "null")), seconds: ((stopped ?? started).getTime() - started.getTime()) / 1000 };
}
