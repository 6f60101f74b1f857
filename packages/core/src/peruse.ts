import { z } from "zod";
import type { StoreUse } from "./ports/storekind.ts";

/** One for all uses of a store, or one for each: whoever holds the one for marks can then not read, and so on. */
export type PerUse<T = string> = T | Record<StoreUse, T>;
export const perUse = <T extends z.ZodType>(one: T) => z.union([one, z.strictObject({ copy: one, mark: one, read: one })]);
export const ofUse = (given: PerUse, use: StoreUse): string => (typeof given === "string" ? given : given[use]);
