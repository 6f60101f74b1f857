import type { Look } from "@holdfast/cli/src/cloud.ts";
import { reported, staysOf } from "@holdfast/cli/src/history.ts";
import type { Place } from "@holdfast/cli/src/place.ts";
import { type Outcome, outcome, wordFor } from "@holdfast/cli/src/restoresteps.ts";
import { DemoFailed } from "./errors.ts";
import type { Watching } from "./scheduled.ts";
import type { Say, Steps } from "./steps.ts";
import type { Restoring } from "./subject.ts";
import { tell } from "./tell.ts";
import { waitFor } from "./wait.ts";

export type Restored = { outcome: Outcome; seconds: number };
type Following = { place: Place; restoring: Restoring; steps: Steps; say: Say; signal: AbortSignal };

const patience = 240;

/** Restores through the deployed state machine, and shows each state as it passes. Throws {@link DemoFailed} when it does not end well. */
export async function restoreOne(restoring: Restoring, { place, steps: all, signal }: Watching): Promise<Restored> {
  const { name, input } = restoring;
  const steps = all.of(name);
  return await steps.run(
    "restore",
    async (say) => {
      const machine = `arn:aws:states:${place.plan.region}:${await place.cloud.account()}:stateMachine:${place.name("restore")}`;
      const execution = await place.cloud.machines.start(machine, `${name.replace("@", "-at-")}-to-${input.target}`, input, signal);
      return endOf(name, await follow(execution, { place, restoring, steps, say, signal }));
    },
    () => `restored with ${JSON.stringify(input)}`,
  );
}

async function follow(execution: string, { place, restoring, steps, say, signal }: Following): Promise<Look> {
  let told = 0;
  let attended = false;
  return await waitFor(`the end of the restore of ${restoring.name}`, patience, signal, async () => {
    const found = await place.cloud.machines.look(execution, signal);
    const stays = staysOf(found.events).filter(({ state }) => wordFor(state) !== undefined);
    const left = stays.filter((stay) => stay.left !== undefined || found.status !== "RUNNING");
    tell(left, told, steps);
    told = left.length;
    say(wordFor(stays.at(-1)?.state ?? "") ?? "");
    if (found.status !== "RUNNING") return found;
    if (!attended && left.some(({ state }) => state === "Ask")) {
      attended = true;
      await restoring.attend?.(execution, steps);
    }
    return undefined;
  });
}

function endOf(name: string, { status, started, stopped, output, error, cause }: Look): Restored {
  if (status !== "SUCCEEDED") {
    const why = reported(error, cause);
    throw new DemoFailed(`the restore of ${name} ended as ${status}: ${why.error}: ${why.message}`, "The logs say more.");
  }
  return { outcome: outcome.parse(JSON.parse(output ?? "null")), seconds: ((stopped ?? started).getTime() - started.getTime()) / 1000 };
}
