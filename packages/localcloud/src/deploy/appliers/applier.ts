import type { z } from "zod";
import type { Clients } from "../clients.ts";
import type { Made, Place, Values } from "../graph.ts";

/** What an applier works with. Folders live as long as the local AWS does; whoever deployed removes them. */
export type Site = {
  clients: Clients;
  endpoint: string;
  place: Place;
  /** Bundled code on its way into functions: path of the zip by `bucket/key`. */
  code: Map<string, string>;
  /** Content of layers by ARN: a folder of files as they lie below /opt. */
  layers: Map<string, string>;
  /** Where functions have their /tmp and their /opt. */
  folder: string;
  /** Where functions record what they ask of the local AWS; undefined: nowhere. */
  trace: string | undefined;
};

/** One resource on its way: what AWS would answer is `described` already, the applier corrects it. */
export type Making<Inputs> = { name: string; inputs: Inputs; described: Made; site: Site };

/**
 * How one type of resource is made in the local AWS.
 * - `inputs` are those that it applies, to the last nested one: a strict schema, so whatever is not named is an error.
 * - `ignores` are inputs, by dotted path, that change nothing here, each with the reason. `*` stands for every element.
 * - `differs` are other known differences, each a sentence.
 * All three are the source of docs/local-differences.md.
 */
export type Applier<Inputs = unknown> = {
  type: string;
  inputs: z.ZodType<Inputs>;
  ignores?: Record<string, string>;
  differs?: string[];
  /** Returns outputs that differ from those described; `id` among them where it is another. Throws SDK errors. */
  make(making: Making<Inputs>): Promise<Values | undefined>;
  /** Looks up an existing one: outputs by id. */
  find?(id: string, site: Site): Promise<Values>;
  /** Whether it stands already, where AWS's own create would not say so. */
  exists?(making: Making<Inputs>): Promise<boolean>;
};

export function applier<Inputs>(given: Applier<Inputs>): Applier {
  // Inputs were parsed by the applier's own schema before it sees them.
  return given as Applier;
}

/** A document that must be an object in JSON: a policy, a pattern, a definition. */
export const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
