import { randomBytes } from "node:crypto";
import {
  backupId,
  catalogue,
  chooseBackup,
  type Entry,
  type Names,
  type Plan,
  parseRestoreInput,
  type RestoreInput,
  StoreDenied,
  stateOf,
} from "@holdfast/core";
import { Command, Option } from "commander";
import type { Look } from "../cloud.ts";
import { type Common, type ExitCode, type Finish, type Ports, placed, portsOf } from "../command.ts";
import { confirm } from "../confirm.ts";
import { RunFailed, UsageWrong } from "../errors.ts";
import { followExecution } from "../follow.ts";
import { reported } from "../history.ts";
import { json, table } from "../output.ts";
import { sourceOf, verifiedBy } from "../plan.ts";
import { type Outcome, outcome } from "../restoresteps.ts";
import { bytes, counted, grouped, span, stateWord, took } from "../wording.ts";
import type { World } from "../world.ts";

export type RestoreOptions = {
  source?: string | undefined;
  target?: string;
  at?: string;
  database?: string;
  which?: string;
  from?: string;
  unverified?: boolean;
  force?: boolean;
  follow?: string;
  yes?: boolean;
  json?: boolean;
};

export const restoreCommand = (world: World, finish: Finish): Command =>
  placed(
    new Command("restore")
      .summary("restore a backup beside what runs, and compare it")
      .description(
        "Starts the restore workflow and follows it. It makes something new at the target, or fails; it never touches what is there. A Vault has no beside: it is restored into a fresh cluster.",
      )
      .argument("[source]", "whose backup")
      .option("--target <name>", "where to: one of the plan's targets")
      .option(
        "--at <when>",
        "latest (verified), a slot, or a time such as 2026-11-21T09:30:00Z: the newest verified one until then",
        "latest",
      )
      .option("--database <name>", "the name of what is made; without it one is chosen that is free")
      .option("--which <database>", "which of the backup's databases, when it holds several")
      .option("--from <store>", "read the copy in one of the plan's stores")
      .option("--unverified", "also a backup without proof that it can be read")
      .option("--force", "let a Vault take a snapshot that is sealed with other keys than its own")
      .addOption(
        new Option("--follow <execution>", "only follow one that runs, by its ARN").conflicts([
          "target",
          "database",
          "which",
          "from",
          "unverified",
          "force",
        ]),
      )
      .option("-y, --yes", "start without a question"),
  )
    .addHelpText(
      "after",
      "\nCtrl-C ends the following; the restore goes on, and you are told how to stop it.\n\nExample:\n  holdfast restore shop --target staging --database shop_check --stage prod\n",
    )
    .action(async (source: string | undefined, options: Common & RestoreOptions) =>
      finish(await restore({ ...options, source }, await portsOf(options, world))),
    );

export async function restore(options: RestoreOptions, ports: Ports): Promise<ExitCode> {
  const { place, out, world } = ports;
  const execution = options.follow ?? (await start(options, ports));
  out.note(`execution ${execution}`);
  const console_ = place.local ? undefined : consoleLink(place.plan.region, execution);
  if (console_) out.note(console_);
  try {
    const ended = await followExecution(execution, place.cloud.machines, out, world);
    tellEnd(outcomeOf(ended, place.name("restore"), replacing(ended, place)), ended, execution, options, ports);
    return 0;
  } catch (error) {
    if (world.signal.aborted) for (const text of detached(execution, ports)) out.note(text);
    throw error;
  }
}

/** Every wrong name is told here, before anything is asked of AWS; the workflow checks all of it again. */
async function start(options: RestoreOptions, ports: Ports): Promise<string> {
  const { place, world } = ports;
  if (options.source === undefined || options.target === undefined)
    throw new UsageWrong(
      "a restore needs a source and a target",
      `Write for example: holdfast restore ${Object.keys(place.plan.sources)[0] ?? "SOURCE"} --target ${Object.keys(place.plan.targets)[0] ?? "TARGET"}.`,
    );
  const { source, target, at, database, which, from, unverified, force } = options;
  const asked = { source, target, at, database, which, from, unverified, force };
  const input = parseRestoreInput(
    Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
    namesOf(place.plan),
  );
  const entry = await choose(input, ports);
  preview(input, entry, ports);
  await confirm("Start the restore?", options.yes, world);
  // What was shown is what is restored, also when a newer backup is verified in between.
  const settled = entry ? { ...input, at: entry.slot } : input;
  const machine = `arn:aws:states:${place.plan.region}:${await place.cloud.account()}:stateMachine:${place.name("restore")}`;
  return await place.cloud.machines.start(
    machine,
    `${input.source}-to-${input.target}-${randomBytes(6).toString("hex")}`,
    settled,
    world.signal,
  );
}

const namesOf = (plan: Plan): Names => ({
  sources: Object.fromEntries(Object.values(plan.sources).map(({ name, kind }) => [name, kind])),
  targets: Object.fromEntries(
    Object.values(plan.targets).map(({ name, kind, protected: guarded }) => [name, { kind, protected: guarded }]),
  ),
  stores: Object.keys(plan.stores),
});

/** Undefined where the person may start restores and not list backups: then the workflow chooses. */
async function choose(input: RestoreInput, { place }: Ports): Promise<Entry | undefined> {
  const store = await place.store(input.from);
  const verified = verifiedBy(place.lists, sourceOf(place.plan, input.source));
  try {
    return chooseBackup(await catalogue(store.list, input.source), input, { verified });
  } catch (error) {
    if (error instanceof StoreDenied) return undefined;
    throw error;
  }
}

function preview(input: RestoreInput, entry: Entry | undefined, { place, out, world }: Ports): void {
  const age = entry && span((world.clock.now().getTime() - entry.at.getTime()) / 1000);
  const state = entry && stateWord[stateOf(entry, verifiedBy(place.lists, sourceOf(place.plan, input.source)))];
  out.note(
    `  restore  ${entry ? `${backupId(entry)}: ${age} old, ${state}, ${bytes(entry.bytes)}` : `${input.source} at ${input.at} (you may not list backups, so the workflow chooses)`}`,
  );
  if (input.from !== undefined) out.note(`  from     the copy in ${input.from}`);
  out.note(`  to       ${input.target}, ${whatHappensThere(input, place)}`);
  if (input.unverified && state !== "verified") out.note("  warning  nothing proves that this backup can be read");
  if (place.plan.targets[input.target]?.protected)
    out.note(`  approval ${input.target} is protected: somebody else must approve within a day; the notice says how`);
}

function whatHappensThere({ source, database }: RestoreInput, { plan, lists }: Ports["place"]): string {
  if (lists.kinds[sourceOf(plan, source).kind]?.kind.replaces)
    return "whose content is replaced; refused where there is any, unless it is protected or a drill";
  return `as ${database === undefined ? "something new with a name that is free" : `${database}, which must not exist`}; nothing there is changed`;
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

const replacedHint = "Where it had begun to load, the target may hold the backup's data now: look there, or begin anew with a fresh one.";

/** Whether the restore that an execution is about has no beside; it may have been started by somebody else. */
function replacing({ input }: Look, { plan, lists }: Ports["place"]): boolean {
  const { source = "" } = JSON.parse(input ?? "{}") as { source?: string };
  return lists.kinds[plan.sources[source]?.kind ?? ""]?.kind.replaces ?? false;
}

function tellEnd(done: Outcome, { started, stopped }: Look, execution: string, options: RestoreOptions, { out, world }: Ports): void {
  const seconds = ((stopped ?? world.clock.now()).getTime() - started.getTime()) / 1000;
  if (options.json) {
    json({ ...done, execution, seconds }, out);
    return;
  }
  const equal = done.expected === done.found;
  table(
    [
      ["restored", { text: `${done.source}/${done.slot}`, tone: "strong" }],
      ["at", done.target],
      ...done.made.map(({ what, id }) => [what, { text: id, tone: "strong" as const }]),
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

function detached(execution: string, { place }: Ports): string[] {
  const where = place.local ? ` --endpoint-url ${place.local.endpoint}` : "";
  const at = place.local ? "--local" : `--stage ${place.stage}`;
  return [
    "the restore goes on. To follow it again:",
    `  holdfast restore --follow ${execution} ${at}`,
    `To stop it, and have what it made removed${place.local ? " (with the access key in .local/local.json)" : ""}:`,
    `  aws stepfunctions stop-execution --region ${place.plan.region}${where} --execution-arn ${execution}`,
  ];
}
