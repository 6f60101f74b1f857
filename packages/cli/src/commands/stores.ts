import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type PlannedStore, type Setup, type SetupOf, type StoreKind, type StoreUse, usesOf } from "@holdfast/core";
import { Command } from "commander";
import { applySetup } from "../applysetup.ts";
import { type Common, type ExitCode, type Finish, gathered, placed, type Ports, portsOf } from "../command.ts";
import { FileUnusable, LocalRefused, UsageWrong } from "../errors.ts";
import { json, table } from "../output.ts";
import { type RunProgram, runProgram } from "../runprogram.ts";
import { NothingToSetUp } from "../setuperrors.ts";
import { scriptOf } from "../shell.ts";

export type SetupOptions = { store: string; out?: string; apply?: boolean; principal?: string[]; yes?: boolean; json?: boolean };

export const storesCommand = (world: Ports["world"], finish: Finish): Command =>
  placed(
    new Command("stores")
      .summary("list the stores that get copies, or set up their other side")
      .description("The plan's stores: of which kind each is, where it keeps what is copied there, and which sources copy there."),
  )
    .enablePositionalOptions()
    .addCommand(setupCommand(world, finish))
    .addHelpText(
      "after",
      `
Examples:
  holdfast stores --stage prod
  holdfast stores setup gcs --stage prod
`,
    )
    .action(async (options: Common) => finish(await stores(options, await portsOf(options, world))));

const setupCommand = (world: Ports["world"], finish: Finish): Command =>
  placed(
    new Command("setup")
      .summary("print, or carry out, what the other side of a store needs")
      .description("Bucket or container, locks, who may do what there, and lifecycle rules, as commands of that cloud's own program.")
      .argument("<store>", "one of the plan's")
      .option("--out <folder>", "write the script and its files there")
      .option("--apply", "run the commands, one by one")
      .option(
        "--principal <use=id>",
        "who copies, marks or reads there, where only that cloud knows: copy=, mark= (prune= where the plan says so) and read=",
        gathered,
      )
      .option("-y, --yes", "do not ask, also before what cannot be taken back"),
  )
    .addHelpText(
      "after",
      `
What is printed is a script of the shell. Running it twice is harmless: what stands is found and left, or set to the same again. The exceptions are
said in it.

Examples:
  holdfast stores setup gcs --stage prod > setup.sh
  holdfast stores setup gcs --stage prod --apply
`,
    )
    .action(async (store: string, options: Common & SetupOptions) =>
      finish(await setupStore({ ...options, store }, await portsOf(options, world))),
    );

/** Every store of the plan. */
export async function stores(options: { json?: boolean }, { place, out }: Ports): Promise<ExitCode> {
  const { plan } = place;
  const listed = Object.values(plan.stores).map((store) => {
    const { cloud, region } = kindOf(store, place.lists).place(store.config, plan.region);
    return { name: store.name, kind: store.kind, cloud, region: region ?? null, sources: copiedTo(store, place).map(({ name }) => name) };
  });
  if (options.json) json(listed, out);
  else if (listed.length === 0) out.note("the plan has no stores: nothing is copied");
  else
    table(
      [
        ["STORE", "KIND", "WHERE", "COPIES OF"],
        ...listed.map(({ name, kind, cloud, region, sources }) => [
          name,
          kind,
          cloud === "local" ? "this machine" : `${cloud} ${region ?? "?"}`,
          sources.join(", ") || "nothing",
        ]),
      ],
      out,
    );
  return 0;
}

/** Throws {@link NothingToSetUp}, {@link UsageWrong}, {@link FileUnusable}, {@link LocalRefused}, and what {@link applySetup} throws. */
export async function setupStore(options: SetupOptions, ports: Ports, run: RunProgram = runProgram): Promise<ExitCode> {
  const { place, out } = ports;
  const store = storeOf(options.store, ports);
  if (options.apply && place.local)
    throw new LocalRefused("the stores on this machine are set up by what starts them", "Leave out --local to set up real ones.");
  const kind = kindOf(store, place.lists);
  if (!kind.setup) throw new NothingToSetUp(`a store of kind ${store.kind} needs nothing on its other side`, "There is nothing to do.");
  const setup = kind.setup(store.config, await forWhom(store, options.principal, ports));
  if (options.apply) return await applied(setup, options, ports, run);
  if (options.json) json({ store: store.name, kind: store.kind, ...setup }, out);
  else await print(setup, store, options, ports);
  return 0;
}

async function applied(setup: Setup, options: SetupOptions, ports: Ports, run: RunProgram): Promise<ExitCode> {
  for (const note of setup.notes) ports.out.note(`- ${note}`);
  const done = await applySetup(setup, options.yes, ports, run);
  if (options.json) json({ store: options.store, applied: done }, ports.out);
  else ports.out.line(`${options.store} is set up: ${done.filter(({ state }) => state === "done").length} steps ran, the others stood`);
  return 0;
}

async function print(setup: Setup, store: PlannedStore, options: SetupOptions, { place, out, world }: Ports): Promise<void> {
  const sources = copiedTo(store, place).map(({ name }) => name);
  const title = `${place.name()}: the store ${store.name}, for copies of ${sources.join(", ") || "nothing yet"}`;
  if (options.out === undefined) return out.line(scriptOf(title, setup, true).trimEnd());
  const folder = path.resolve(world.cwd, options.out);
  await write(folder, [...setup.files, { name: "setup.sh", text: scriptOf(title, setup, false) }]);
  out.line(path.join(folder, "setup.sh"));
}

async function write(folder: string, files: Setup["files"]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const { name, text } of files) await writeFile(path.join(folder, name), text);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new FileUnusable(`cannot write in ${folder} (${code})`, "Name a folder that you may write to with --out.", { cause });
  }
}

/** The roles that the deployment makes, by the names that it gives them. */
async function forWhom(store: PlannedStore, principal: string[] | undefined, { place }: Ports): Promise<SetupOf> {
  const { plan, name, cloud } = place;
  const targets = Object.keys(plan.targets);
  return {
    project: name(),
    account: await cloud.account(),
    region: plan.region,
    roles: {
      copy: [name("copy", store.name)],
      mark: store.prune ? [] : [name("mark", store.name)],
      prune: store.prune ? [name("prune", store.name)] : [],
      read: [name("sample", store.name), ...targets.map((target) => name("restore", target))],
    },
    keeps: copiedTo(store, place).map(({ keep }) => keep),
    principals: principalsOf(principal, usesOf(store)),
  };
}

function principalsOf(given: readonly string[] | undefined, uses: readonly StoreUse[]): SetupOf["principals"] {
  if (!given) return undefined;
  const found = Object.fromEntries(given.map((each) => [each.split("=")[0], each.slice(each.indexOf("=") + 1)]));
  if (uses.every((use) => found[use]) && Object.keys(found).length === uses.length) return found;
  throw new UsageWrong("--principal names all three, once each", `Say ${uses.map((use) => `--principal ${use}=ID`).join(" ")}.`);
}

const copiedTo = (store: PlannedStore, { plan }: Ports["place"]) =>
  Object.values(plan.sources).filter(({ copies }) => copies.includes(store.name));

function kindOf({ kind }: PlannedStore, { stores: known }: Ports["place"]["lists"]): StoreKind {
  const found = known[kind]?.kind;
  if (!found) throw new NothingToSetUp(`no kind of store is called ${kind}`, "Add it to the stores that the plan's file exports.");
  return found;
}
function storeOf(name: string, { place }: Ports): PlannedStore {
  const found = Object.hasOwn(place.plan.stores, name) ? place.plan.stores[name] : undefined;
  if (found) return found;
  throw new NothingToSetUp(
    `no store is called "${name}"`,
    `The plan's stores are: ${Object.keys(place.plan.stores).join(", ") || "none"}.`,
  );
}
