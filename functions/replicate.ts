import { type Kind, type ReplicateFactory, type ReplicateSource, replicate, type TrustedKeys } from "@holdfast/core";
import { lambda } from "./bundle.ts";
import { signer, trusted } from "./clients.ts";
import { environment } from "./environment.ts";
import { primary } from "./files.ts";

/** Evidence is a hint that there is something to do, and so is the schedule; which one it was makes no difference. */
export function replicateFunction<Config, Native, Target>(
  source: ReplicateSource & { trust: TrustedKeys },
  config: Config,
  kind: Kind<Config, Native, Target>,
  factory: ReplicateFactory<Config, Native>,
) {
  return lambda(`copying backups of ${source.name} elsewhere`, async (_event: unknown, { context, surroundings }) => {
    const { list, read: store, create } = await primary();
    const ports = { list, store, create, sign: signer(), trusted: trusted(source.trust, environment.HOLDFAST_MANIFEST_PEM) };
    return await replicate(source, { ...ports, kind, replicate: factory(config, surroundings) }, context);
  });
}
