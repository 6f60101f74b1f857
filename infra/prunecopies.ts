import { useRights } from "@holdfast/core";
import { schedule } from "./backup.ts";
import { copied } from "./copy.ts";
import { type Deployment, folderOfStore, retained, storeKindOf } from "./deployment.ts";
import { entry } from "./entry.ts";
import { lambda } from "./lambda.ts";
import { listCopied } from "./mark.ts";

/**
 * One Lambda a store that gets copies and carries no marks: daily it deletes there what the tiers no longer want, and nobody else does. It lists here
 * and there; it can neither read, write, mark nor decrypt, and delete nothing here. No event asks for it: a deletion never hurries.
 */
export function pruneCopies(d: Deployment, at: { bucket: aws.s3.Bucket; topic: aws.sns.Topic }): void {
  for (const { store, sources } of copied(d)) {
    if (!store.prune) continue;
    const name = `prune-${store.name}`;
    const of = { name: store.name, config: store.config, sources: retained(d, sources) };
    const fn = lambda(d, name, {
      handler: entry(name, (from) => [
        `import { pruneCopiesFunction } from ${from("functions/prunecopies.ts")};`,
        `import { open } from ${from(`${folderOfStore(d, store)}/open.ts`)};`,
        `export const handler = pruneCopiesFunction(${JSON.stringify(of)}, open);`,
      ]),
      memory: "512 MB",
      timeout: "15 minutes",
      needs: { ...storeKindOf(d, store).needs(useRights.prune, store.config, "prune"), layers: [] },
      onFailure: at.topic.arn,
      environment: { HOLDFAST_BUCKET: at.bucket.bucket },
      statements: [listCopied(at.bucket, sources)],
    });
    schedule(d, name, "rate(1 day)", fn);
  }
}
