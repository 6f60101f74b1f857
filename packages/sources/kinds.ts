/**
 * @module @holdfast/sources
 * One folder a kind of source. `{folder}/kind.ts` is pure; `{folder}/capture.ts`, `read.ts` and `restore.ts` hold the verbs, each exported under
 * its own name, so that a function bundles one verb of one kind. This list is the only place that names the kinds.
 */
import type { Kind } from "@holdfast/core";
import { aurora } from "./aurora/kind.ts";
import { postgres } from "./postgres/kind.ts";
import { rdsKind } from "./rds/kind.ts";
import { vault } from "./vault/kind.ts";

/** `folder` is relative to the repository's root. */
export type KindEntry = { readonly kind: Kind; readonly folder: string };
export type Kinds = Readonly<Record<string, KindEntry>>;

/** By the name that the plan uses. Callers that bring their own kinds spread it: `{ ...kinds, mine }`. */
export const kinds: Kinds = {
  aurora: { kind: aurora, folder: "packages/sources/aurora" },
  postgres: { kind: postgres, folder: "packages/sources/postgres" },
  rds: { kind: rdsKind, folder: "packages/sources/rds" },
  vault: { kind: vault, folder: "packages/sources/vault" },
};
