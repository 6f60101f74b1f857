import { hasFiles, recordedProof } from "@holdfast/core";
import { type Deployment, folderOf, kindOf, sourcesOf } from "./deployment.ts";
import { entry } from "./entry.ts";
import type { Keys } from "./keys.ts";
import { lambda } from "./lambda.ts";
import type { Layers } from "./layers.ts";
import { prover } from "./prover.ts";
import { consume, type Consumer, objectCreated, queue, route } from "./queue.ts";

const timeoutMinutes = 15;
/** Several backups that arrive at once are read side by side, not all at once. */
const concurrency = 4;

/** One Lambda a kind: it reads hostile bytes, so it can neither mark nor touch anything but its own proof. */
export function verify(
  d: Deployment,
  at: { bucket: aws.s3.Bucket; keys: Keys; layers: Layers; topic: aws.sns.Topic },
): Record<string, Consumer> {
  const made: Record<string, Consumer> = {};
  for (const kindName of new Set(Object.values(d.plan.sources).map((source) => source.kind))) {
    const name = `verify-${kindName}`;
    const sources = sourcesOf(d, kindName);
    const kind = kindOf(d, kindName);
    const proof = prover(at, sources, recordedProof(kind), hasFiles(kind));
    const consumer = queue(d, name, timeoutMinutes * 60, at.topic);
    const fn = lambda(d, name, {
      handler: entry(name, (from) => [
        `import { verifyFunction } from ${from("functions/verify.ts")};`,
        `import { kind } from ${from(`${folderOf(d, kindName)}/kind.ts`)};`,
        `import { read } from ${from(`${folderOf(d, kindName)}/read.ts`)};`,
        `export const handler = verifyFunction(${JSON.stringify({ sources, trust: d.plan.trust })}, kind, read);`,
      ]),
      memory: "1769 MB",
      timeout: `${timeoutMinutes} minutes`,
      needs: kind.needs("read"),
      layers: at.layers,
      environment: proof.environment,
      statements: [
        consumer.statement,
        {
          sid: "ReadBackups",
          // Manifests are read by version; the files that they name are never written twice.
          actions: [...(hasFiles(kind) ? ["s3:GetObject"] : []), "s3:GetObjectVersion"],
          resources: sources.map((source) => $interpolate`${at.bucket.arn}/backups/${source}/*`),
        },
        ...proof.statements,
      ],
    });
    consume(name, consumer, fn, concurrency);
    route(d, name, consumer, objectCreated(at.bucket.bucket, [{ suffix: "/manifest.json" }]));
    made[kindName] = consumer;
  }
  return made;
}
