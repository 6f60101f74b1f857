import { setTimeout as pause } from "node:timers/promises";
import { RemoveTagsFromResourceCommand } from "@aws-sdk/client-rds";
import type { Context, Made } from "@holdfast/core";
import type { Api } from "./api.ts";
import { RdsBusy } from "./errors.ts";
import type { Restores, Thing } from "./restores.ts";
import { ADJUSTED, EXECUTION, PROTECT } from "./tags.ts";

export type Ending = { api: Api; restores: Pick<Restores<unknown, never>, "tagged" | "remove" | "protect" | "look" | "noun"> };

/** Hands over what an execution made: protected where its original was, and with no tag by which an undo would find it. */
export async function finish({ api, restores }: Ending, made: readonly Made[], execution: { id: string }): Promise<Made[]> {
  const things = await restores.tagged(api, EXECUTION, execution.id);
  for (const { what, id } of things) {
    if (what !== restores.noun || !(PROTECT in ((await restores.look(api, id))?.tags ?? {}))) continue;
    await restores.protect(api, id);
  }
  // A cluster comes after its instances: an undo in between finds it, cannot delete it, and so leaves it whole.
  for (const { arn } of things) await untag(api, arn);
  return [...made];
}

async function untag(api: Api, arn: string): Promise<void> {
  const command = new RemoveTagsFromResourceCommand({ ResourceName: arn, TagKeys: [EXECUTION, ADJUSTED, PROTECT] });
  await api.rds(`handing over ${arn}`, (client, options) => client.send(command, options));
}

/** How long undo waits for what cannot be deleted yet, since RDS is still making or changing it. A Lambda lives 15 minutes. */
export type Pace = { seconds: number; times: number };
export const PACE: Pace = { seconds: 15, times: 40 };

/**
 * Removes what carries the execution's tag, without a last snapshot, and does not wait until it is gone. Throws {@link RdsBusy} where RDS has not let
 * go of something in time; all else is removed then.
 */
export async function undo(
  { api, restores, context: { signal }, pace }: Ending & { context: Pick<Context, "signal">; pace: Pace },
  execution: { id: string },
): Promise<Made[]> {
  const removed: Made[] = [];
  for (let left = pace.times; ; left--) {
    const busy: RdsBusy[] = [];
    for (const thing of await restores.tagged(api, EXECUTION, execution.id)) {
      if (thing.status === "deleting") continue;
      const problem = await removal(restores, api, thing);
      if (problem) busy.push(problem);
      else removed.push({ what: thing.what, id: thing.id });
    }
    const [first] = busy;
    if (!first) return removed;
    if (left <= 0) throw first;
    await pause(pace.seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Undefined when RDS took it, now or from somebody else before. */
async function removal(restores: Ending["restores"], api: Api, thing: Thing): Promise<RdsBusy | undefined> {
  try {
    await restores.remove(api, thing);
    return undefined;
  } catch (error) {
    if (!(error instanceof RdsBusy)) throw error;
    return /already being deleted/i.test(error.message) ? undefined : error;
  }
}
