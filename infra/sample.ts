import { lambdaRates, useRights } from "@holdfast/core";
import { schedule } from "./backup.ts";
import { copied, listKeys, witness } from "./copy.ts";
import { type Deployment, folderOfStore, retained, storeKindOf } from "./deployment.ts";
import { entry } from "./entry.ts";
import { lambda } from "./lambda.ts";
import { opener } from "./prover.ts";
import type { Consumer } from "./queue.ts";
import type { RecorderAt } from "./recorder.ts";

type At = RecorderAt & { topic: aws.sns.Topic; copiers: Record<string, Consumer> };

/**
 * One Lambda a store that gets copies: daily it reads some of each source's there again, and counts what is missing. It records what is no good copy
 * and asks for what is missing; it can make, mark and delete nothing there. It opens what it reads, and hands none of it on.
 */
export function sample(d: Deployment, at: At): void {
  for (const { store, sources } of copied(d)) {
    const name = `sample-${store.name}`;
    const copier = at.copiers[store.name];
    if (!copier) throw new Error(`nothing copies to ${store.name}`);
    const of = {
      name: store.name,
      config: store.config,
      rate: store.rate ?? lambdaRates.copy,
      sources: retained(d, sources),
      trust: d.plan.trust,
    };
    const { statements, environment } = witness(at, sources);
    const opens = opener(
      at,
      sources.map((source) => source.name),
    );
    const fn = lambda(d, name, {
      handler: entry(name, (from) => [
        `import { sampleFunction } from ${from("functions/sample.ts")};`,
        `import { open } from ${from(`${folderOfStore(d, store)}/open.ts`)};`,
        `export const handler = sampleFunction(${JSON.stringify(of)}, open);`,
      ]),
      memory: "1769 MB",
      timeout: "15 minutes",
      needs: { ...storeKindOf(d, store).needs(useRights.read, store.config, "read"), layers: [] },
      onFailure: at.topic.arn,
      environment: {
        ...environment,
        ...opens.environment,
        HOLDFAST_QUEUES: $jsonStringify({ [`copy-${store.name}`]: copier.queue.url }),
      },
      statements: [
        ...statements,
        ...opens.statements,
        listKeys(at),
        { sid: "ReplayCopy", actions: ["sqs:SendMessage"], resources: [copier.queue.arn] },
      ],
    });
    schedule(d, name, "rate(1 day)", fn);
  }
}
