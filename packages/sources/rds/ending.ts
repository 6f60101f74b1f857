import { RemoveTagsFromResourceCommand } from "@aws-sdk/client-rds";
import type { Made } from "@holdfast/core";
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

/**
 * Removes what carries the execution's tag, without a last snapshot. What RDS is still making cannot always be deleted; all else is removed before
 * that is thrown ({@link RdsBusy}), so that the next try has the less to do.
 */
export async function undo({ api, restores }: Ending, execution: { id: string }): Promise<Made[]> {
  const removed: Made[] = [];
  let busy: RdsBusy | undefined;
  for (const thing of await restores.tagged(api, EXECUTION, execution.id)) {
    if (thing.status === "deleting") continue;
    try {
      await restores.remove(api, thing);
      removed.push(madeOf(thing));
    } catch (error) {
      if (!(error instanceof RdsBusy)) throw error;
      busy ??= error;
    }
  }
  if (busy) throw busy;
  return removed;
}

const madeOf = ({ what, id }: Thing): Made => ({ what, id });
