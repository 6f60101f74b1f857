import { recordedProof } from "@holdfast/core";
import { schedule } from "./backup.ts";
import { type Deployment, folderOf, kindOf } from "./deployment.ts";
import { entry } from "./entry.ts";
import type { Keys } from "./keys.ts";
import { lambda } from "./lambda.ts";
import { consume, objectCreated, queue, route } from "./queue.ts";
import type { Statement } from "./role.ts";

const timeoutMinutes = 5;
type At = { bucket: aws.s3.Bucket; keys: Keys; topic: aws.sns.Topic };

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
    const consumer = queue(d, name, timeoutMinutes * 60);
    const of = { name: source.name, keep, verified: kind.verified, trust: d.plan.trust };
    const fn = lambda(d, name, {
      handler: entry(name, (from) => [
        `import { pruneFunction } from ${from("functions/prune.ts")};`,
        `import { prune } from ${from(`${folderOf(d, source.kind)}/prune.ts`)};`,
        `export const handler = pruneFunction(${JSON.stringify(of)}, ${JSON.stringify(source.config)}, prune);`,
      ]),
      memory: "512 MB",
      timeout: `${timeoutMinutes} minutes`,
      needs: kind.needs("prune", source.config),
      onFailure: at.topic.arn,
      environment: {
        HOLDFAST_BUCKET: at.bucket.bucket,
        HOLDFAST_MANIFEST_PEM: at.keys.manifest.pem,
        HOLDFAST_SIGNING_KEY: at.keys.proof.arn,
        HOLDFAST_SIGNING_PEM: at.keys.proof.pem,
      },
      statements: [consumer.statement, ...statementsOf(at, source.name)],
    });
    consume(name, consumer, fn, 2);
    route(d, name, consumer, objectCreated(at.bucket.bucket, [{ prefix: `evidence/${recordedProof(kind)}/${source.name}/` }]));
    schedule(d, name, "rate(1 day)", fn);
  }
}

const statementsOf = ({ bucket, keys }: At, source: string): Statement[] => [
  {
    sid: "ListBackupsAndEvidence",
    actions: ["s3:ListBucketVersions"],
    resources: [bucket.arn],
    conditions: { StringLike: { "s3:prefix": [`backups/${source}/*`, `evidence/*/${source}/*`] } },
  },
  {
    sid: "ReadManifests",
    actions: ["s3:GetObjectVersion"],
    resources: ["manifest.json", "manifest.sig"].map((file) => $interpolate`${bucket.arn}/backups/${source}/*/${file}`),
  },
  { sid: "RecordPruned", actions: ["s3:PutObject"], resources: [$interpolate`${bucket.arn}/evidence/pruned/${source}/*`] },
  { sid: "SignRecord", actions: ["kms:Sign"], resources: [keys.proof.arn] },
];
