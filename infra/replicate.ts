import { recordedProof, replicateEveryMinutes } from "@holdfast/core";
import { schedule } from "./backup.ts";
import { type Deployment, folderOf, kindOf } from "./deployment.ts";
import { entry } from "./entry.ts";
import { lambda } from "./lambda.ts";
import { consume, objectCreated, queue, route } from "./queue.ts";
import { readManifests, recorder, type RecorderAt } from "./recorder.ts";

const timeoutMinutes = 5;
type At = RecorderAt & { topic: aws.sns.Topic };

/**
 * One Lambda for each source whose backups its own service copies elsewhere: once one is verified, and on schedule, since copies take their time and
 * wait in line. It reads manifests, records what stands where, and can delete nothing.
 */
export function replicate(d: Deployment, at: At): void {
  for (const source of Object.values(d.plan.sources)) {
    const kind = kindOf(d, source.kind);
    const to = kind.replicatesTo?.(source.config) ?? [];
    const keeps = kind.keeps?.(source.config);
    if (to.length === 0 || keeps === undefined) continue;
    const name = `replicate-${source.name}`;
    const consumer = queue(d, name, timeoutMinutes * 60, at.topic);
    const of = { name: source.name, verified: kind.verified, keeps, to, trust: d.plan.trust };
    const record = recorder(at, [source.name], "replicated");
    const fn = lambda(d, name, {
      handler: entry(name, (from) => [
        `import { replicateFunction } from ${from("functions/replicate.ts")};`,
        `import { kind } from ${from(`${folderOf(d, source.kind)}/kind.ts`)};`,
        `import { replicate } from ${from(`${folderOf(d, source.kind)}/replicate.ts`)};`,
        `export const handler = replicateFunction(${JSON.stringify(of)}, ${JSON.stringify(source.config)}, kind, replicate);`,
      ]),
      memory: "512 MB",
      timeout: `${timeoutMinutes} minutes`,
      needs: kind.needs("replicate", source.config),
      onFailure: at.topic.arn,
      environment: record.environment,
      statements: [consumer.statement, ...record.statements, readManifests(at, source.name)],
    });
    consume(name, consumer, fn, 2);
    route(d, name, consumer, objectCreated(at.bucket.bucket, [{ wildcard: `evidence/${recordedProof(kind)}/${source.name}/*/ok.*` }]));
    schedule(d, name, `rate(${replicateEveryMinutes} minutes)`, fn);
  }
}
