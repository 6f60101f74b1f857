import { randomBytes } from "node:crypto";
import {
  backupId,
  carries,
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
import {
  type Common,
  type ExitCode,
  type Finish,
  gathered,
  opening,
  type Ports,
  placed,
  portsOf,
  reading,
  trusting,
  withLayers,
} from "../command.ts";
import { confirm } from "../confirm.ts";
import { UsageWrong } from "../errors.ts";
import { followed, tellEnd } from "../followed.ts";
import { kindHere } from "../herework.ts";
import { json } from "../output.ts";
import { sourceOf, verifiedBy } from "../plan.ts";
import { type RestoreHereOptions, restoreHere, undoHere } from "../restorehere.ts";
import { listed, standing } from "../restoresteps.ts";
import { bytes, span, stateWord } from "../wording.ts";
import type { World } from "../world.ts";

export type RestoreOptions = RestoreHereOptions & {
  source?: string | undefined;
  target?: string;
  at?: string;
  database?: string;
  which?: string;
  from?: string;
  unverified?: boolean;
  force?: boolean;
  follow?: string;
  here?: boolean;
  undo?: string;
  json?: boolean;
};

export const restoreCommand = (world: World, finish: Finish): Command =>
  withLayers(
    opening(
      trusting(
        reading(
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
                  "here",
                  "undo",
                ]),
              )
              .option("--here", "do the work on this machine instead of in AWS; Ctrl-C then removes what was made")
              .option("--secret <name=file>", "with --here: a secret that the target's login names, when Secrets Manager is gone", gathered)
              .addOption(new Option("--undo <id>", "with --here: remove what a restore that died left at the target"))
              .option("-y, --yes", "start without a question"),
          ),
        ),
      ),
    ),
  )
    .addHelpText(
      "after",
      "\nCtrl-C ends the following; the restore goes on, and you are told how to stop it.\n\nExample:\n  holdfast restore shop --target staging --database shop_check --stage prod\n" +
        "\nWithout AWS:\n  holdfast restore shop --target staging --here --from gcs --credentials gcs-reader.json \\\n    --offline-key offline.key --trust kept-key.pem --trust kept-proof-key.pem --secret acme/staging=staging.json\n",
    )
    .action(async (source: string | undefined, options: Common & RestoreOptions) =>
      finish(await restore({ ...options, source }, await portsOf(options, world))),
    );

export async function restore(options: RestoreOptions, ports: Ports): Promise<ExitCode> {
  requireHere(options);
  if (options.undo !== undefined) return await undo({ ...options, undo: options.undo }, ports);
  if (options.here) {
    const { input, entry } = await asked(options, ports);
    tellEnd("restored", await restoreHere(settled(input, entry), options, ports), { json: options.json }, ports);
    return 0;
  }
  const execution = options.follow ?? (await start(options, ports));
  const machine = ports.place.name("restore");
  tellEnd("restored", await followed(execution, { machine, what: "restore" }, ports), { json: options.json }, ports);
  return 0;
}

/** What only this machine can use is not left lying when AWS does the work. */
function requireHere({ here, undo, offlineKey, layers, secret, trust, trustKey }: RestoreOptions): void {
  const given = Object.entries({ undo, "offline-key": offlineKey, layers, secret, trust, "trust-key": trustKey });
  const [only] = given.filter(([, value]) => value !== undefined);
  if (only && !here)
    throw new UsageWrong(
      `--${only[0]} is for a restore on this machine`,
      "Add --here, or leave it out: in AWS the workflow needs none of it.",
    );
}

async function undo({ target, undo: id, ...options }: RestoreOptions & { undo: string }, ports: Ports): Promise<ExitCode> {
  if (target === undefined || !/^[a-z0-9]{1,20}$/.test(id))
    throw new UsageWrong("what is to be removed where was not said", "Write --here --target TARGET --undo ID, as the restore printed it.");
  const undone = standing(await undoHere(target, id, options, ports));
  if (options.json) json({ target, undone }, ports.out);
  else ports.out.line(undone.length > 0 ? `removed at ${target}: ${listed(undone)}` : `execution ${id} has left nothing at ${target}`);
  return 0;
}

async function start(options: RestoreOptions, ports: Ports): Promise<string> {
  const { place, world } = ports;
  const { input, entry } = await asked(options, ports);
  await confirm("Start the restore?", options.yes, world);
  const machine = `arn:aws:states:${place.plan.region}:${await place.cloud.account()}:stateMachine:${place.name("restore")}`;
  return await place.cloud.machines.start(
    machine,
    `${input.source}-to-${input.target}-${randomBytes(6).toString("hex")}`,
    settled(input, entry),
    world.signal,
  );
}

/** What was shown is what is restored, also when a newer backup is verified in between; but some kinds can go to a moment itself. */
const isMoment = (at: string): boolean => at !== "latest" && slotTime(at) === undefined;
const settled = (input: RestoreInput, entry: Entry | undefined): RestoreInput =>
  entry && !isMoment(input.at) ? { ...input, at: entry.slot } : input;

/** Every wrong name is told here, before anything is asked of AWS or of the target; the workflow checks all of it again. */
async function asked(options: RestoreOptions, ports: Ports): Promise<{ input: RestoreInput; entry: Entry | undefined }> {
  const { place } = ports;
  if (options.source === undefined || options.target === undefined)
    throw new UsageWrong(
      "a restore needs a source and a target",
      `Write for example: holdfast restore ${Object.keys(place.plan.sources)[0] ?? "SOURCE"} --target ${Object.keys(place.plan.targets)[0] ?? "TARGET"}.`,
    );
  const { source, target, at, database, which, from, unverified, force } = options;
  const given = { source, target, at, database, which, from, unverified, force };
  const input = parseRestoreInput(
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    namesOf(place.plan),
  );
  if (options.here) kindHere(place, sourceOf(place.plan, input.source));
  const entry = await choose(input, options.here ?? false, ports);
  preview(input, entry, options.here ?? false, ports);
  return { input, entry };
}

const namesOf = (plan: Plan): Names => ({
  sources: Object.fromEntries(Object.values(plan.sources).map(({ name, kind }) => [name, kind])),
  targets: Object.fromEntries(
    Object.values(plan.targets).map(({ name, kind, protected: guarded }) => [name, { kind, protected: guarded }]),
  ),
  stores: Object.keys(plan.stores),
});

/** Undefined where the person may start restores and not list backups: then the workflow chooses. */
async function choose(input: RestoreInput, here: boolean, { place }: Ports): Promise<Entry | undefined> {
  const store = await place.store(input.from);
  try {
    return chooseBackup(await catalogue(store.list, input.source), input, choosing(input, place));
  } catch (error) {
    if (error instanceof StoreDenied && !here) return undefined;
    throw error;
  }
}

const choosing = (input: RestoreInput, place: Ports["place"]) => ({
  verified: verifiedBy(place.lists, sourceOf(place.plan, input.source)),
  moments: kindOfSource(input, place)?.moments ?? false,
});

function preview(input: RestoreInput, entry: Entry | undefined, here: boolean, { place, out, world }: Ports): void {
  const age = entry && span((world.clock.now().getTime() - entry.at.getTime()) / 1000);
  const state = entry && stateWord[stateOf(entry, verifiedBy(place.lists, sourceOf(place.plan, input.source)))];
  const settingsOnly = entry && carries(entry, input, choosing(input, place));
  out.note(
    `  ${settingsOnly ? "settings" : "restore "} ${entry ? `${backupId(entry)}: ${age} old, ${state}, ${bytes(entry.bytes)}` : `${input.source} at ${input.at} (you may not list backups, so the workflow chooses)`}`,
  );
  if (isMoment(input.at) && kindOfSource(input, place)?.moments)
    out.note(
      `  moment   ${input.at} itself, if the database's own log still reaches it; else ${settingsOnly ? "nothing, for no backup is of it or before it" : "the backup above"}`,
    );
  if (input.from !== undefined) out.note(`  from     the copy in ${input.from}`);
  out.note(`  to       ${input.target}, ${whatHappensThere(input, place)}`);
  if (input.unverified && state !== "verified" && !settingsOnly) out.note("  warning  nothing proves that this backup can be read");
  if (place.plan.targets[input.target]?.protected && !here)
    out.note(`  approval ${input.target} is protected: somebody else must approve within a day; the notice says how`);
}

const kindOfSource = ({ source }: Pick<RestoreInput, "source">, { plan, lists }: Pick<Ports["place"], "plan" | "lists">) =>
  lists.kinds[sourceOf(plan, source).kind]?.kind;

function whatHappensThere({ source, database }: RestoreInput, { plan, lists }: Ports["place"]): string {
  if (kindOfSource({ source }, { plan, lists })?.replaces)
    return "whose content is replaced; refused where there is any, unless it is protected or a drill";
  return `as ${database === undefined ? "something new with a name that is free" : `${database}, which must not exist`}; nothing there is changed`;
}
