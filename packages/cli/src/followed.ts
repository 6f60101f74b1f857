import type { Look } from "./cloud.ts";
import type { Ports } from "./command.ts";
import { RunFailed } from "./errors.ts";
import { followExecution } from "./follow.ts";
import { reported } from "./history.ts";
import { json, table } from "./output.ts";
import { type Outcome, outcome } from "./restoresteps.ts";
import { counted, grouped, took } from "./wording.ts";

/** One of the machines of the workflow that restores. */
export type Machine = { machine: string; what: "restore" | "drill" };
export type Followed = { done: Outcome; execution: string; seconds: number };

/** Follows an execution to its end. Throws {@link RunFailed}; interrupted, it tells that the execution goes on and how to stop it. */
export async function followed(execution: string, { machine, what }: Machine, ports: Ports): Promise<Followed> {
  const { place, out, world } = ports;
  out.note(`execution ${execution}`);
  if (!place.local) out.note(consoleLink(place.plan.region, execution));
  try {
    const ended = await followExecution(execution, place.cloud.machines, out, world);
    const seconds = ((ended.stopped ?? world.clock.now()).getTime() - ended.started.getTime()) / 1000;
    return { done: outcomeOf(ended, machine, replacing(ended, place)), execution, seconds };
  } catch (error) {
    if (world.signal.aborted) for (const text of detached(execution, what, ports)) out.note(text);
    throw error;
  }
}

/** Throws {@link RunFailed} with the name of what failed there. */
function outcomeOf(ended: Look, machine: string, replaces: boolean): Outcome {
  if (ended.status === "SUCCEEDED") {
    const parsed = outcome.safeParse(JSON.parse(ended.output ?? "null"));
    if (parsed.success) return parsed.data;
    throw new RunFailed(
      "OutcomeUnknown",
      "the execution ended well, and what it puts out is not a restore's",
      `Look at its output, in the console of ${machine}.`,
    );
  }
  if (ended.status === "ABORTED")
    throw new RunFailed("ExecutionStopped", "the execution was stopped by hand", "What it had made is being removed by itself.");
  const { error, message } = reported(ended.error, ended.cause);
  const text = (message || `the execution ended as ${ended.status}`).replace(/\.$/, "");
  throw new RunFailed(
    error,
    `${error}: ${text}`,
    error === "NotUndone"
      ? "The removal is tried again by itself."
      : replaces
        ? replacedHint
        : "Nothing that it made was left at the target.",
  );
}

export const replacedHint =
  "Where it had begun to load, the target may hold the backup's data now: look there, or begin anew with a fresh one.";

/** Whether the restore that an execution is about has no beside; it may have been started by somebody else. */
function replacing({ input }: Look, { plan, lists }: Ports["place"]): boolean {
  const { source = "" } = JSON.parse(input ?? "{}") as { source?: string };
  return lists.kinds[plan.sources[source]?.kind ?? ""]?.kind.replaces ?? false;
}

/** What was made is still there when a backup is restored, and gone when it is drilled. */
export function tellEnd(
  how: "restored" | "drilled",
  { done, execution, seconds }: Followed,
  options: { json: boolean | undefined },
  { out }: Ports,
): void {
  if (options.json) {
    json({ ...done, execution, seconds }, out);
    return;
  }
  const equal = done.expected === done.found;
  table(
    [
      [how, { text: `${done.source}/${done.slot}`, tone: "strong" }],
      ["at", done.target],
      ...done.made.map(({ what, id }) =>
        how === "drilled" ? ["removed", `${what} ${id}`] : [what, { text: id, tone: "strong" as const }],
      ),
      [
        done.unit,
        {
          text: `${grouped(done.found)} found, ${grouped(done.expected)} expected, in ${counted(done.things, done.thing)}`,
          tone: equal ? "good" : "bad",
        },
      ],
      ["took", took(seconds)],
    ],
    out,
  );
  for (const note of done.notes) out.line(`note: ${note}`);
}

const consoleLink = (region: string, execution: string): string =>
  `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${execution}`;

function detached(execution: string, what: Machine["what"], { place }: Ports): string[] {
  const where = place.local ? ` --endpoint-url ${place.local.endpoint}` : "";
  const at = place.local ? "--local" : `--stage ${place.stage}`;
  return [
    `the ${what} goes on.${what === "restore" ? " To follow it again:" : ""}`,
    ...(what === "restore" ? [`  holdfast restore --follow ${execution} ${at}`] : []),
    `To stop it, and have what it made removed${place.local ? " (with the access key in .local/local.json)" : ""}:`,
    `  aws stepfunctions stop-execution --region ${place.plan.region}${where} --execution-arn ${execution}`,
  ];
}
