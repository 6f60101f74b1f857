import type { Outcome } from "@holdfast/cli/src/restoresteps.ts";
import type { Manifest } from "@holdfast/core";
import type { Block } from "./comparison.ts";
import type { ClusterCounts } from "./orders/compare.ts";
import type { ShopCounts } from "./shop/subject.ts";
import type { Steps } from "./steps.ts";
import type { VaultCounts } from "./vault/subject.ts";

/** One of the things that the demo backs up, loses and restores: what is its own in that. */
export type Subject = {
  source: string;
  kind: string;
  /** What its backup holds, by the signed manifest, in a few words. Throws `DemoFailed` where that is not what was counted. */
  holds(manifest: Manifest): string;
  /** What is written into it after the backup. */
  goOn?(steps: Steps): Promise<void>;
  /** Loses all or much of it, and tells what happened. None: it is a part of another one. */
  lose?(): Promise<string>;
  /** What is restored after the accident; several at the same time. `slot`: that of the backup from before it. */
  restores(slot: string): readonly Restoring[];
};

export type Restoring = {
  /** What it is called while it goes on. */
  name: string;
  /** What a person types into the console for it. */
  input: { source: string; target: string } & Readonly<Record<string, string | boolean>>;
  /** Does what a person has to do when the workflow has asked for it. */
  attend?(execution: string, steps: Steps): Promise<void>;
  /** Holds what is there now against what was there before the accident. Throws `DemoFailed` where it differs. */
  compare(outcome: Outcome): Promise<Comparison>;
  /** What it means that it was compared. */
  compared: string;
  /** True: it is not the backup itself that comes back, so nothing is proven about it. */
  beside?: true;
};

export type Comparison = {
  block: Block;
  /** Its part of a row of the result. */
  counts: ShopCounts | VaultCounts | ClusterCounts;
  /** What was restored, and how much of it, for people. */
  what: string;
  found: string;
};
