import { z } from "zod";
import { InputInvalid } from "./planerrors.ts";
import type { MarkedUse, PrunedUse, StoreUse } from "./ports/storekind.ts";

/** One for all uses of a store, or one for each: whoever holds the one for marks can then not read, and so on. */
export type PerUse<T = string> = T | Record<MarkedUse, T> | Record<PrunedUse, T>;
export const perUse = <T extends z.ZodType>(one: T) => z.union([one, z.strictObject({ copy: one, mark: one, read: one })]);
/** Also for stores that are pruned, of those kinds that can be. */
export const perUseOrPruned = <T extends z.ZodType>(one: T) =>
  z.union([one, z.strictObject({ copy: one, mark: one, read: one }), z.strictObject({ copy: one, prune: one, read: one })]);

/** Throws {@link InputInvalid} for a use that none was named for, which synth refuses. */
export function ofUse(given: PerUse, use: StoreUse): string {
  if (typeof given === "string") return given;
  const own = (given as Partial<Record<StoreUse, string>>)[use];
  if (own !== undefined) return own;
  throw new InputInvalid(
    `the store names nobody who may ${use} there`,
    `It names ${Object.keys(given).join(", ")}; deploy the plan as it is now.`,
  );
}
