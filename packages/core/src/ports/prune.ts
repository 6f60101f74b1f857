import type { Context } from "./context.ts";
import type { Surroundings } from "./source.ts";

/** Something of ours that stands at a source's own service, where no lifecycle rule sees it: a snapshot, or the copy of one elsewhere. */
export type Held = {
  id: string;
  /** Empty at the source itself, else the destination that it was copied to. */
  place: string;
  slot: string;
  /** `whole`: it can be restored · `begun`: it is under way · `failed`: it never can be · `passing`: only the way to another one of its slot. */
  state: "whole" | "begun" | "failed" | "passing";
  at: Date;
};

/** Deletes what retention no longer wants of a source. It decides nothing. */
export interface Prune {
  /** Everything that carries this deployment's tags for that source, wherever it stands. Throws when it cannot list all of it. */
  held(source: string, context: Context): Promise<Held[]>;
  /** Deletes exactly that one, and refuses what does not carry the tags. Gone already is success. Throws where the service does not let go. */
  remove(source: string, held: Held, context: Context): Promise<void>;
}
export type PruneFactory<Config> = (config: Config, surroundings: Surroundings) => Prune;
