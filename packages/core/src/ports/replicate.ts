import type { Context } from "./context.ts";
import type { Finding } from "./finding.ts";
import type { Backup, Surroundings } from "./source.ts";

export type Replicated =
  /** It is being made by itself. */
  | { state: "pending"; note: string }
  /** A quota is taken by others: nothing was begun, ask again later. */
  | { state: "waiting"; note: string }
  /** It stands there, available and under the key that the plan names. */
  | { state: "whole"; details: Record<string, string | number> }
  /** There will be none of this backup: it cannot be copied, or its copy failed. */
  | { state: "lost"; finding: Finding };

/** Copies backups by the service that they stand at, to other regions and accounts of it. Such a copy never counts as one outside of AWS. */
export interface Replicate<Native> {
  /** What there is of a backup at one destination; undefined: nothing. Begins nothing. */
  look(backup: Backup<Native>, to: string, context: Context): Promise<Exclude<Replicated, { state: "waiting" }> | undefined>;
  /**
   * Begins the copy of one backup at one destination, where {@link look} finds nothing. Two runs at once, and one after another that died, make one
   * copy. Whoever calls asks for one at a time and source, so that a backlog leaves others their places.
   */
  replicate(backup: Backup<Native>, to: string, context: Context): Promise<Replicated>;
}
export type ReplicateFactory<Config, Native> = (config: Config, surroundings: Surroundings) => Replicate<Native>;
