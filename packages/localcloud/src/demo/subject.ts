import type { Outcome } from "@holdfast/cli/src/restoresteps.ts";
import type { Manifest } from "@holdfast/core";
import type { Block } from "./comparison.ts";
import type { ShopCounts } from "./shop/subject.ts";
import type { Steps } from "./steps.ts";
import type { VaultCounts } from "./vault/subject.ts";

/** One of the things that the demo backs up, loses and restores: what is its own in that. */
export type Subject = {
  source: string;
  kind: string;
  /** What a person types into the console for its restore. */
  input: { source: string; target: string } & Readonly<Record<string, string | boolean>>;
  /** What its backup holds, by the signed manifest, in a few words. Throws `DemoFailed` where that is not what was counted. */
  holds(manifest: Manifest): string;
  /** Loses all of it, and tells what happened. */
  lose(): Promise<string>;
  /** Does what a person has to do when the workflow of its restore has asked for it. */
  attend?(execution: string, steps: Steps): Promise<void>;
  /** Holds what is there now against what was there before the accident. Throws `DemoFailed` where it differs. */
  compare(outcome: Outcome): Promise<Comparison>;
  /** What it means that it was compared. */
  compared: string;
};

export type Comparison = {
  block: Block;
  /** Its part of a row of the result. */
  counts: ShopCounts | VaultCounts;
  /** What was restored, and how much of it, for people. */
  what: string;
  found: string;
};
