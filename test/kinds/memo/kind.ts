/**
 * A kind that is not in the list: the smallest that can go from schedule to evidence and back. It backs up the text of a secret into one
 * artifact and restores it into a folder. Tests hand it to the plan; nothing outside this folder knows it.
 */
import type { Kind } from "@holdfast/core";
import { z } from "zod";

const config = z.strictObject({ secret: z.string() });
const native = z.strictObject({ lines: z.int() });
/** `waits`: how often a restore asks to be called again, so that tests can stop it in between. */
const target = z.strictObject({ folder: z.string(), waits: z.int().default(0) });
export type Config = z.infer<typeof config>;
export type Native = z.infer<typeof native>;
export type Target = z.infer<typeof target>;

export const kind: Kind<Config, Native, Target> = {
  name: "memo",
  config,
  native,
  target,
  verified: ["readable"],
  portable: true,
  needs: (_verb: string, of?: Config | Target) => ({ secrets: of && "secret" in of ? [of.secret] : [], layers: [], allow: [] }),
};
