import { z } from "zod";

/**
 * What a check noticed about a source or a backup.
 *
 * - `refuse`: the check failed; the backup is not made, or its evidence says failed.
 * - `doubt`: it is whole, yet looks wrong beside the recent ones; releases of the source stop until a person accepts it or a later one is verified.
 * - `note`: worth telling, changes nothing.
 *
 * `name` is stable and machine-readable (kebab-case); `message` is lower case without a full stop; `hint` is a sentence: what to do next.
 * Neither holds a secret or a row's content.
 */
export const finding = z.strictObject({
  name: z.string(),
  severity: z.enum(["refuse", "doubt", "note"]),
  message: z.string(),
  hint: z.string(),
});
export type Finding = z.infer<typeof finding>;
