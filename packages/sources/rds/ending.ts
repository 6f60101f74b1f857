import { setTimeout as pause } from "node:timers/promises";
import { AddTagsToResourceCommand, RemoveTagsFromResourceCommand } from "@aws-sdk/client-rds";
import type { Context, Made } from "@holdfast/core";
import type { Api } from "./api.ts";
import { RdsBusy } from "./errors.ts";
import type { Restores, Thing } from "./restores.ts";
import { ADJUSTED, EXECUTION, HANDED_OVER, PROTECT } from "./tags.ts";

export type Ending = { api: Api; restores: Pick<Restores<unknown, never>, "tagged" | "remove" | "protect" | "look" | "noun"> };

/**
 * Hands over what an execution made: protected where its original was, and with no tag by which an undo would find it. RDS backs up what is new, and
 * changes nothing meanwhile: that is waited for.
 */
export async function finish(
  { api, restores, ...patience }: Ending & Patience,
  made: readonly Made[],
  execution: { id: string },
): Promise<Made[]> {
  const things = await restores.tagged(api, EXECUTION, execution.id);
  for (const { what, id } of things) {
    if (what !== restores.noun || !(PROTECT in ((await restores.look(api, id))?.tags ?? {}))) continue;
    await patiently(patience, () => restores.protect(api, id));
  }
  // A cluster comes after its instances: an undo in between finds it, cannot delete it, and so leaves it whole.
  for (const { arn } of things) await release(api, arn, execution);
  return made.filter(({ passing }) => !passing);
}

async function release(api: Api, arn: string, { id }: { id: string }): Promise<void> {
  const tag = new AddTagsToResourceCommand({ ResourceName: arn, Tags: [{ Key: HANDED_OVER, Value: id }] });
  const untag = new RemoveTagsFromResourceCommand({ ResourceName: arn, TagKeys: [EXECUTION, ADJUSTED, PROTECT] });
  await api.rds(`handing over ${arn}`, async (client, options) => {
    await client.send(tag, options);
    await client.send(untag, options);
  });
}

/** How often what RDS is still making or changing is asked to be changed or deleted. A Lambda lives 15 minutes. */
export type Pace = { seconds: number; times: number };
export const PACE: Pace = { seconds: 15, times: 40 };
type Patience = { context: Pick<Context, "signal">; pace: Pace };

async function patiently({ context, pace }: Patience, work: () => Promise<void>): Promise<void> {
  for (let left = pace.times; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RdsBusy) || left <= 0) throw error;
      await rest(context, pace);
    }
  }
}
const rest = ({ signal }: Pick<Context, "signal">, { seconds }: Pace) =>
  pause(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());

/**
 * Removes what carries the execution's tag, without a last snapshot, and does not wait until it is gone. RDS deletes an instance in any state, and no
 * cluster that it is still making. Throws {@link RdsBusy} where it has not let go of something in time, and the signal's reason; what could be removed
 * is by then, and the next call goes on with the rest.
 */
export async function undo({ api, restores, context, pace }: Ending & Patience, execution: { id: string }): Promise<Made[]> {
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
    await rest(context, pace);
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
