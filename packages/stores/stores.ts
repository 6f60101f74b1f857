/**
 * @module @holdfast/stores
 * Where backups live. One folder a kind of store: `{folder}/kind.ts` is pure (schema of its part of the plan, what each right needs),
 * `{folder}/open.ts` exports `open`. Every adapter runs the suite in `contract/`, so what the ports promise in prose is what a store does.
 * An adapter writes once: nothing here overwrites or deletes an object, and no error of an SDK leaves its folder.
 */
import type { StoreKinds } from "@holdfast/core";
import { azure } from "./azure/kind.ts";
import { gcs } from "./gcs/kind.ts";
import { s3 } from "./s3/kind.ts";

/**
 * The one list of the kinds that a plan can name; `folder` is relative to the repository's root. Callers that bring their own kinds spread
 * it: `{ ...stores, mine }`. The store in memory is not in it, because it forgets: tests bring it as one of their own.
 */
export const stores: StoreKinds = {
  azure: { kind: azure, folder: "packages/stores/azure" },
  gcs: { kind: gcs, folder: "packages/stores/gcs" },
  s3: { kind: s3, folder: "packages/stores/s3" },
};
