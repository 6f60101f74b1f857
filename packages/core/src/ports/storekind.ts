import type { z } from "zod";
import type { Identity } from "./identity.ts";
import type { Secrets } from "./source.ts";
import type { Store } from "./store.ts";

/** The rights that a role can have on a store; each maps to one port. */
export type Right = "read" | "list" | "create" | "ranges" | "mark" | "thaw";

/** `kind.ts` of each store kind: pure. A sibling `open.ts` exports `open: OpenStore`. */
export interface StoreKind<Config = unknown> {
  readonly name: string;
  /** The kind's own part of a store in the plan. */
  readonly config: z.ZodType<Config>;
  /** Whether marks can make this store expire objects; synth refuses retention rules that it could not keep. */
  readonly expires: boolean;
  needs(
    rights: readonly Right[],
    config: Config,
  ): { secrets: readonly string[]; allow: readonly { actions: readonly string[]; resources: readonly string[] }[] };
}
export type OpenStore<Config> = (config: Config, surroundings: { secrets: Secrets; region: string; identity: Identity }) => Promise<Store>;
