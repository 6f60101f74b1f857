import { type PrunePlan, printPrune, type Source } from "@holdfast/core";
import { Command } from "commander";
import { z } from "zod";
import { type Common, type ExitCode, type Finish, placed, type Ports, portsOf } from "../command.ts";
import { NothingToPrune, RunFailed } from "../errors.ts";
import { json } from "../output.ts";
import { sourceOf } from "../plan.ts";
import { counted } from "../wording.ts";
import type { World } from "../world.ts";

export type PruneOptions = { source: string; yes?: boolean; json?: boolean };

export const pruneCommand = (world: World, finish: Finish): Command =>
  placed(
    new Command("prune")
      .summary("show which snapshots retention would delete, or delete them")
      .description(
        "For sources whose backups stand at their own service, where no lifecycle rule sees them. Prints what would go, what stays, and why each of them.",
      )
      .argument("<source>", "whose snapshots")
      .option("-y, --yes", "carry it out, however many go"),
  )
    .addHelpText(
      "after",
      `
It runs by itself daily and after each verification; more than half of many it leaves to a person.

Exit code: 0 printed, or deleted; 1 it is stopped or something went wrong.

Examples:
  holdfast prune shop --stage prod
  holdfast prune shop --stage prod --yes
`,
    )
    .action(async (source: string, options: Common & PruneOptions) =>
      finish(await prune({ ...options, source }, await portsOf(options, world))),
    );

/** What `functions/prune.ts` answers. */
const pruning = z.object({
  id: z.string(),
  place: z.string(),
  slot: z.string(),
  state: z.enum(["whole", "begun", "failed", "passing"]),
  at: z.coerce.date(),
  because: z.string(),
});
const answered = z.object({
  remove: z.array(pruning),
  keep: z.array(pruning),
  stopped: z.string().optional(),
  tooMany: z.string().optional(),
});
const carriedOut = z.object({ removed: z.array(z.string()), kept: z.number(), stopped: z.string().optional() });

/** Throws {@link NothingToPrune} for a source whose backups lifecycle rules see. */
export async function prune(options: PruneOptions, ports: Ports): Promise<ExitCode> {
  const { place, out } = ports;
  const source = sourceOf(place.plan, options.source);
  requirePruned(source, ports);
  const { stopped, tooMany, ...lists } = answered.parse(await invoke(source, { print: true }, ports));
  const plan: PrunePlan = { ...lists, stopped, tooMany };
  if (!options.json) for (const line of printPrune(plan)) out.line(line);
  if (!options.yes) {
    if (options.json) json(asJson(plan), out);
    else if (plan.remove.length > 0) out.note(`nothing was deleted; \`holdfast prune ${source.name} --yes\` does it`);
    return 0;
  }
  const done = plan.remove.length > 0 ? carriedOut.parse(await invoke(source, { confirmed: true }, ports)) : undefined;
  const removed = done?.removed ?? [];
  if (options.json) json({ ...asJson(plan), removed }, out);
  else out.line(removed.length > 0 ? `${counted(removed.length, "snapshot")} deleted` : "nothing was deleted");
  return (done ?? plan).stopped === undefined ? 0 : 1;
}

const asJson = ({ stopped, tooMany, ...lists }: PrunePlan) => ({ ...lists, stopped: stopped ?? null, tooMany: tooMany ?? null });

function requirePruned({ name, kind, config }: Source, { place }: Ports): void {
  if (place.lists.kinds[kind]?.kind.keeps?.(config) !== undefined) return;
  const pruned = Object.values(place.plan.sources).filter(
    (other) => place.lists.kinds[other.kind]?.kind.keeps?.(other.config) !== undefined,
  );
  throw new NothingToPrune(
    name,
    kind,
    pruned.map((other) => other.name),
  );
}

async function invoke(source: Source, payload: object, { place, world }: Ports): Promise<unknown> {
  const functionName = place.name("prune", source.name);
  const answer = await place.cloud.functions.invoke(functionName, payload, world.signal);
  if (answer.ok) return answer.result;
  throw new RunFailed(answer.error, answer.message.replace(/\.$/, ""), `The log of ${functionName} has the rest.`);
}
