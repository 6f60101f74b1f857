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
  slotTime,
  stateOf,
} from "@holdfast/core";
import { Command, Option } from "commander";
import { type Common, type ExitCode, type Finish, type Ports, placed, portsOf } from "../command.ts";
import { confirm } from "../confirm.ts";
import { UsageWrong } from "../errors.ts";
import { followed, tellEnd } from "../followed.ts";
import { sourceOf, verifiedBy } from "../plan.ts";
import { bytes, span, stateWord } from "../wording.ts";
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
  const execution = options.follow ?? (await start(options, ports));
  const { json, place } = { ...options, ...ports };
  const machine = place.name("restore");
  tellEnd("restored", await followed(execution, { machine, what: "restore" }, ports), { json }, ports);
  return 0;
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
  const settled = entry && !isMoment(input.at) ? { ...input, at: entry.slot } : input;
  const machine = `arn:aws:states:${place.plan.region}:${await place.cloud.account()}:stateMachine:${place.name("restore")}`;
  return await place.cloud.machines.start(
    machine,
    `${input.source}-to-${input.target}-${randomBytes(6).toString("hex")}`,
    settled,
    world.signal,
  );
}

/** What was shown is what is restored, also when a newer backup is verified in between; but some kinds can go to a moment itself. */
const isMoment = (at: string): boolean => at !== "latest" && slotTime(at) === undefined;

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
  if (isMoment(input.at) && !kindOfSource(input, place)?.portable)
    out.note(`  moment   ${input.at} itself, if the database's own log still reaches it; else the backup above`);
  if (input.from !== undefined) out.note(`  from     the copy in ${input.from}`);
  out.note(`  to       ${input.target}, ${whatHappensThere(input, place)}`);
  if (input.unverified && state !== "verified") out.note("  warning  nothing proves that this backup can be read");
  if (place.plan.targets[input.target]?.protected)
    out.note(`  approval ${input.target} is protected: somebody else must approve within a day; the notice says how`);
}

const kindOfSource = ({ source }: Pick<RestoreInput, "source">, { plan, lists }: Pick<Ports["place"], "plan" | "lists">) =>
  lists.kinds[sourceOf(plan, source).kind]?.kind;

function whatHappensThere({ source, database }: RestoreInput, { plan, lists }: Ports["place"]): string {
  if (kindOfSource({ source }, { plan, lists })?.replaces)
    return "whose content is replaced; refused where there is any, unless it is protected or a drill";
  return `as ${database === undefined ? "something new with a name that is free" : `${database}, which must not exist`}; nothing there is changed`;
}
