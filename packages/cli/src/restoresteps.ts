import { z } from "zod";
import type { Stay } from "./history.ts";
import { counted, grouped } from "./wording.ts";

/** The states that a person wants to see, in their words. Those that only decide are left out. */
const words: Readonly<Record<string, string>> = {
  Survey: "look at the target",
  Plan: "plan",
  Approve: "wait for approval",
  Thaw: "ask archived files back",
  WaitForThaw: "wait for archived files",
  Advance: "load",
  Ask: "ask somebody",
  WaitForStep: "wait",
  Prove: "compare with the backup",
  HandOver: "hand over",
  Undo: "remove what was made",
};
export const wordFor = (state: string): string | undefined => words[state];

/** `302,640 of 302,640 rows in 25 tables`. */
export const proofWords = ({ unit, thing, things, expected, found }: Counts): string =>
  `${grouped(found)} of ${grouped(expected)} ${unit} in ${counted(things, thing)}`;

const counts = { unit: z.string(), thing: z.string(), things: z.number(), expected: z.number(), found: z.number() };
type Counts = { unit: string; thing: string; things: number; expected: number; found: number };
/** What stands somewhere, of all that was noted. */
export const standing = (all: readonly { what: string; id: string; passing?: boolean | undefined }[]): { what: string; id: string }[] =>
  all.filter(({ passing }) => !passing).map(({ what, id }) => ({ what, id }));
const made = z.array(z.object({ what: z.string(), id: z.string(), passing: z.boolean().optional() })).transform(standing);
export const listed = (all: readonly { what: string; id: string }[]) => all.map(({ what, id }) => `${what} ${id}`).join(", ");
const answers = {
  Survey: z
    .object({ backup: z.object({ source: z.string(), slot: z.string() }) })
    .transform(({ backup }) => [`${backup.source}/${backup.slot}`]),
  Plan: z.object({ plan: z.object({ steps: z.array(z.string()) }) }).transform(({ plan }) => plan.steps),
  Thaw: z.object({ state: z.string() }).transform(({ state }) => [state === "ready" ? "none is archived" : "some hours"]),
  Advance: z
    .object({ made, note: z.string().optional(), ask: z.string().optional() })
    .transform((step) => [step.note ?? listed(step.made), ...(step.ask === undefined ? [] : [step.ask])]),
  Prove: z.object(counts).transform((found) => [proofWords(found)]),
  Undo: z.object({ undone: made }).transform(({ undone }) => [listed(undone) || "nothing was made"]),
};

/** What a state found out, in short lines; none where it answered nothing that is known here. */
export function answersOf(stay: Stay): string[] {
  const known = Object.hasOwn(answers, stay.state) ? answers[stay.state as keyof typeof answers] : undefined;
  const parsed = known?.safeParse(stay.output);
  return parsed?.success ? parsed.data : [];
}

/** What the machine puts out at its end (`infra/restore.ts`). */
export const outcome = z.object({
  source: z.string(),
  slot: z.string(),
  target: z.string(),
  made,
  ...counts,
  /** What a person must know or do now. */
  notes: z.array(z.string()),
});
export type Outcome = z.infer<typeof outcome>;
