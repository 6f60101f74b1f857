import { recordedProof } from "@holdfast/core";
import { schedule } from "./backup.ts";
import { type Deployment, folderOf, kindOf } from "./deployment.ts";
import { entry } from "./entry.ts";
import { lambda } from "./lambda.ts";
import { consume, objectCreated, queue, route } from "./queue.ts";
import { readManifests, recorder, type RecorderAt } from "./recorder.ts";

const timeoutMinutes = 5;
type At = RecorderAt & { topic: aws.sns.Topic };

/**
 * One Lambda for each source whose backups stand at its own service. It deletes those that retention no longer wants there, once it has recorded
 * that: after each verification, and daily. It can delete nothing of another source, nothing in the bucket, and can make nothing.
 */
export function prune(d: Deployment, at: At): void {
  for (const source of Object.values(d.plan.sources)) {
    const kind = kindOf(d, source.kind);
    const keep = kind.keeps?.(source.config);
    if (keep === undefined) continue;
    const name = `prune-${source.name}`;
    const consumer = queue(d, name, timeoutMinutes * 60, at.topic);
    const of = { name: source.name, keep, verified: kind.verified, trust: d.plan.trust };
    const record = recorder(at, [source.name], "pruned");
    const fn = lambda(d, name, {
      handler: entry(name, (from) => [
        `import { pruneFunction } from ${from("functions/prune.ts")};`,
        `import { prune } from ${from(`${folderOf(d, source.kind)}/prune.ts`)};`,
        `export const handler = pruneFunction(${JSON.stringify(of)}, ${JSON.stringify(source.config)}, prune);`,
      ]),
      memory: "512 MB",
      timeout: `${timeoutMinutes} minutes`,
      needs: kind.needs("prune", source.config),
      source: source.name,
      onFailure: at.topic.arn,
      environment: record.environment,
      statements: [consumer.statement, ...record.statements, readManifests(at, source.name)],
    });
    consume(name, consumer, fn, 2);
    route(d, name, consumer, objectCreated(at.bucket.bucket, [{ prefix: `evidence/${recordedProof(kind)}/${source.name}/` }]));
    schedule(d, name, "rate(1 day)", fn);
  }
}
