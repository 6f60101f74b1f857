import { type Source, useRights } from "@holdfast/core";
import { schedule } from "./backup.ts";
import { copied } from "./copy.ts";
import { type Deployment, folderOfStore, retained, storeKindOf } from "./deployment.ts";
import { entry } from "./entry.ts";
import { lambda } from "./lambda.ts";
import { consume, objectCreated, queue, route } from "./queue.ts";
import type { Statement } from "./role.ts";

const timeoutMinutes = 5;

/**
 * One Lambda a store that gets copies and carries marks: marks there what the tiers no longer want of what stands there, once there is a copy more, and daily. It lists
 * here and there, and has no other right than to mark: it can neither read, write, decrypt nor delete.
 */
export function mark(d: Deployment, at: { bucket: aws.s3.Bucket; topic: aws.sns.Topic }): void {
  for (const { store, sources } of copied(d)) {
    if (store.prune) continue;
    const name = `mark-${store.name}`;
    const consumer = queue(d, name, timeoutMinutes * 60, at.topic);
    const of = { name: store.name, config: store.config, sources: retained(d, sources) };
    const fn = lambda(d, name, {
      handler: entry(name, (from) => [
        `import { markFunction } from ${from("functions/mark.ts")};`,
        `import { open } from ${from(`${folderOfStore(d, store)}/open.ts`)};`,
        `export const handler = markFunction(${JSON.stringify(of)}, open);`,
      ]),
      memory: "512 MB",
      timeout: `${timeoutMinutes} minutes`,
      needs: { ...storeKindOf(d, store).needs(useRights.mark, store.config, "mark"), layers: [] },
      onFailure: at.topic.arn,
      environment: { HOLDFAST_BUCKET: at.bucket.bucket },
      statements: [consumer.statement, listCopied(at.bucket, sources)],
    });
    consume(name, consumer, fn, 2);
    route(d, name, consumer, objectCreated(at.bucket.bucket, [{ prefix: "evidence/copied/" }]));
    schedule(d, name, "rate(1 day)", fn);
  }
}

/** What is known here of the sources that copy somewhere. */
export const listCopied = (bucket: aws.s3.Bucket, sources: readonly Source[]): Statement => ({
  sid: "ListBackupsAndEvidence",
  actions: ["s3:ListBucketVersions"],
  resources: [bucket.arn],
  conditions: { StringLike: { "s3:prefix": sources.flatMap((source) => [`backups/${source.name}/*`, `evidence/*/${source.name}/*`]) } },
});
