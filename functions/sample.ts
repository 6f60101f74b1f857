import { lambdaFits, type OpenStore, type RetainSource, sampleStore, type TrustedKeys } from "@holdfast/core";
import { lambda, logger } from "./bundle.ts";
import { identity, secrets, signer, trusted } from "./clients.ts";
import { environment } from "./environment.ts";
import { now, openingRanges, primary } from "./files.ts";
import { sendCreated } from "./queues.ts";

type Of<Config> = { name: string; config: Config; rate: number; sources: RetainSource[]; trust: TrustedKeys };

/** One source that cannot be looked at does not hide the others, and which is the first changes from day to day. */
export function sampleFunction<Config>({ name, config, rate, sources, trust }: Of<Config>, open: OpenStore<Config>) {
  const { [`copy-${name}`]: queue = "" }: Record<string, string> = JSON.parse(environment.HOLDFAST_QUEUES);
  return lambda(`looking at copies in ${name}`, async (_event: unknown, { context, request }) => {
    const store = await open(config, { secrets, identity, region: environment.AWS_REGION, use: "read", now });
    const ports = {
      copy: { read: store.read, list: store.list, name, fits: Math.floor(lambdaFits("copy", rate) / sources.length) },
      primary: await primary(),
      opens: openingRanges(),
      trusted: trusted(trust, environment.HOLDFAST_MANIFEST_PEM, environment.HOLDFAST_SIGNING_PEM),
      sign: signer(),
      random: Math.random,
      replay: (key: string) => sendCreated(queue, { key, run: request }),
    };
    const first = Math.floor(Math.random() * sources.length);
    const sampled = [];
    const failures: unknown[] = [];
    for (const source of [...sources.slice(first), ...sources.slice(0, first)])
      try {
        context.signal.throwIfAborted();
        sampled.push(await sampleStore(source, ports, context));
      } catch (error) {
        logger.error("copies could not be looked at", { source: source.name, name: error instanceof Error ? error.name : "unknown" });
        failures.push(error);
      }
    if (failures.length > 0) throw failures[0];
    return sampled;
  });
}
