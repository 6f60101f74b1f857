import { type PruneFactory, type PruneSource, prune, prunePlan, type TrustedKeys } from "@holdfast/core";
import { z } from "zod";
import { lambda } from "./bundle.ts";
import { signer, trusted } from "./clients.ts";
import { environment } from "./environment.ts";
import { primary } from "./files.ts";

/** From a person: `print` does nothing but tell the plan, `confirmed` carries it out whatever its size. From the Scheduler or a queue: neither. */
const input = z.looseObject({ print: z.literal(true).optional(), confirmed: z.literal(true).optional() });

/** Evidence is a hint that there is something to do; which one it was makes no difference. */
export function pruneFunction<Config>(source: PruneSource & { trust: TrustedKeys }, config: Config, factory: PruneFactory<Config>) {
  return lambda(`deleting what retention no longer wants of ${source.name}`, async (event: unknown, { context, surroundings }) => {
    const asked = input.parse(event ?? {});
    const { list, read: store, create } = await primary();
    const service = factory(config, surroundings);
    if (asked.print) return await prunePlan(source, { list, service }, context);
    const ports = { list, store, create, service, sign: signer(), trusted: trusted(source.trust, environment.HOLDFAST_MANIFEST_PEM) };
    return await prune(source, ports, context, { confirmed: asked.confirmed === true });
  });
}
