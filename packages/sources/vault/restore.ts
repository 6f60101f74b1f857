import type { Context, Restore, RestoreFactory } from "@holdfast/core";
import { advance, PACE, type Pace } from "./advance.ts";
import { type Client, openClient } from "./client.ts";
import type { Target } from "./config.ts";
import { lasting } from "./marks.ts";
import type { Native } from "./native.ts";
import { planRestore } from "./planrestore.ts";
import { prove } from "./prove.ts";
import { type Facts, survey } from "./survey.ts";

/**
 * Restores a snapshot into another cluster and replaces all that it held, keys included. Where the original's unseal keys are needed it waits for
 * somebody to type them at the Vault itself, and never sees one.
 *
 * Nothing of it can be undone: a cluster has no way back to what it was, and removing what was restored would be one more loss. So whatever could
 * go wrong is looked for before the upload, and `undo` removes nothing.
 */
export const restoreAt =
  (pace: Pace): RestoreFactory<Native, Target, Facts> =>
  (target, surroundings, { protected: guarded }): Restore<Native, Facts> => {
    const using = <R>(context: Context, work: (client: Client) => Promise<R>) => within(target, context, work);
    return {
      survey: (_backup, want, context) => using(context, (client) => survey({ client, target, surroundings }, want)),
      plan: (backup, want, facts) => planRestore({ backup, want, facts, target, guarded }),
      advance: (plan, opened, want, made, execution, context) =>
        using(context, (client) => advance({ client, target, surroundings, guarded, plan, opened, want, execution, context, pace }, made)),
      prove: (opened, _want, _made, context) => using(context, (client) => prove({ client, target, surroundings, context }, opened)),
      finish: async (made) => lasting(made),
      undo: async () => [],
    };
  };
export const restore = restoreAt(PACE);

async function within<R>(target: Target, context: Context, work: (client: Client) => Promise<R>): Promise<R> {
  const client = openClient(target, context);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
