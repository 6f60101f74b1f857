import { InputInvalid, type OpenStore, pruneCopies, type RetainSource } from "@holdfast/core";
import { lambda } from "./bundle.ts";
import { identity, secrets } from "./clients.ts";
import { environment } from "./environment.ts";
import { now, primary } from "./files.ts";

/** From the Scheduler alone, of all sources that copy there. */
export function pruneCopiesFunction<Config>(store: { name: string; config: Config; sources: RetainSource[] }, open: OpenStore<Config>) {
  return lambda(`deleting what nobody wants in ${store.name}`, async (_event: { scheduled: string }, { context }) => {
    const { list, prune } = await open(store.config, { secrets, identity, region: environment.AWS_REGION, use: "prune", now });
    if (!prune) throw new InputInvalid(`nothing can be deleted in ${store.name} by Holdfast`, "Take prune out of the store in the plan.");
    const ports = { name: store.name, list, prune, primary: (await primary()).list };
    const done = [];
    for (const source of store.sources) done.push(await pruneCopies(source, ports, context));
    return done;
  });
}
