import { createHash, randomBytes } from "node:crypto";
import { statfs } from "node:fs/promises";
import path from "node:path";
import {
  advance,
  backupId,
  compareRestored,
  type Context,
  type Evidence,
  type Execution,
  HoldfastError,
  type Kind,
  type Made,
  type Planned,
  planRestore,
  type Restore,
  type RestoreFactory,
  type RestoreInput,
  type RestorePorts,
  record,
  type Store,
  survey,
  type Surroundings,
  thaw,
  told,
} from "@holdfast/core";
import type { Ports } from "./command.ts";
import { confirm, confirmGuarded } from "./confirm.ts";
import { NotHere, NotUndone } from "./errors.ts";
import { type Followed, replacedHint } from "./followed.ts";
import { type HereOptions, kindHere, verbOf, withSurroundings } from "./herework.ts";
import { unsealByKms, unsealWith } from "./identity.ts";
import { sourceOf } from "./plan.ts";
import { listed, standing } from "./restoresteps.ts";
import { explained, type TrustOptions, trustedKeys } from "./trust.ts";
import { type Walk, walking } from "./walk.ts";
import { contextOf } from "./world.ts";

export type RestoreHereOptions = TrustOptions & HereOptions & { offlineKey?: string; yes?: boolean };
type Facts = unknown;
type Planning = {
  of: Planned<Facts>;
  execution: Execution;
  ports: RestorePorts<unknown, Facts>;
  context: Context;
  walk: Walk;
  /** A restore has no beside: see `Kind`. */
  replaces: boolean;
};
type Target = { name: string; kind: string; protected: boolean; config: unknown };

/** The workflow of a restore, on this machine: the same verbs in the same order as in AWS, undone on failure and on Ctrl-C. */
export async function restoreHere(input: RestoreInput, options: RestoreHereOptions, ports: Ports): Promise<Followed> {
  const { place, world, out } = ports;
  const kind = kindHere(place, sourceOf(place.plan, input.source));
  const target = targetOf(ports, input.target);
  const store = await place.store(input.from);
  const trusted = await trustedKeys({ ...options, ...(input.from === undefined ? {} : { from: input.from }) }, place, store, world.cwd);
  const unseal =
    options.offlineKey === undefined ? await unsealByKms(place) : await unsealWith(path.resolve(world.cwd, options.offlineKey));
  return await atTarget(kind, target, options, ports, async (restore, { scratch }) => {
    const { name, ...execution } = newExecution(input, ports);
    out.note(`execution ${execution.id}, on this machine`);
    const fits = { disk: await freeBytes(scratch), bytes: Number.POSITIVE_INFINITY };
    const verbs = { kind, restore, store: store.read, list: store.list, thaw: store.thaw, unseal, trusted, fits };
    const walk = walking(out, world.clock);
    const context = contextOf(world);
    const surveyed = await walk("Survey", () => explained(store, trusted, () => survey(input, verbs, context)));
    const of = await walk("Plan", () => planRestore(surveyed, execution, verbs, context));
    await (target.protected ? confirmGuarded(target.name, options.yes, world) : confirm("Start the restore?", options.yes, world));
    return await carryOut({ of, execution, ports: verbs, context, walk, replaces: kind.replaces ?? false }, store, ports);
  });
}

/** Removes what an execution that ended badly on this machine left at a target. */
export async function undoHere(target: string, id: string, options: RestoreHereOptions, ports: Ports): Promise<Made[]> {
  const found = targetOf(ports, target);
  const kind = kindHere(ports.place, { name: target, kind: found.kind });
  await confirm(`Remove what execution ${id} made at ${target}?`, options.yes, ports.world);
  return await atTarget(kind, found, options, ports, async (restore) => await restore.undo({ id }, contextOf(ports.world)));
}

const targetOf = ({ place }: Ports, name: string): Target => {
  const found = Object.hasOwn(place.plan.targets, name) ? place.plan.targets[name] : undefined;
  if (found) return found;
  throw new NotHere(`no target is called "${name}"`, `The plan's targets are: ${Object.keys(place.plan.targets).join(", ") || "none"}.`);
};

/** Throws {@link NotHere} where the target itself is asked in the name of a role of AWS. */
async function atTarget<T>(
  kind: Kind,
  target: Target,
  options: HereOptions,
  ports: Ports,
  work: (restore: Restore<unknown, Facts>, surroundings: Surroundings) => Promise<T>,
): Promise<T> {
  const needs = kind.needs("restore", target.config);
  if (needs.allow.length > 0)
    throw new NotHere(
      `the target ${target.name} is entered as a role of AWS, and this machine is none`,
      "Name a target with a login of its own, or leave out --here.",
    );
  return await withSurroundings(needs, options, ports, async (surroundings) => {
    const factory = await verbOf<RestoreFactory<unknown, unknown, Facts>>(ports.place, kind, "restore");
    return await work(factory(target.config, surroundings, { protected: target.protected }), surroundings);
  });
}

/** As the function of the target makes it of an execution's ARN. */
function newExecution({ source, target }: RestoreInput, { world }: Ports): Execution & { name: string } {
  const name = `${source}-to-${target}-${randomBytes(6).toString("hex")}`;
  const id = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return { name, id, started: world.clock.now(), running: async () => !world.signal.aborted };
}

const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

async function carryOut(on: Planning, store: Store, ports: Ports): Promise<Followed> {
  const { of, execution, context, walk, replaces } = on;
  while ((await walk("Thaw", () => thaw(of, on.ports, context))).state !== "ready")
    await walk("WaitForThaw", () => ports.world.clock.wait(thawMillis, context.signal));
  const leave = () => ports.out.note(remains(on, "what it made may still be there"));
  ports.world.leaving.addEventListener("abort", leave);
  try {
    const loaded = await load(on, ports);
    const proof = await walk("Prove", () => prove(on, loaded, store, ports));
    const made = standing(await walk("HandOver", async () => await on.ports.restore.finish(loaded, execution, context)));
    const seconds = (ports.world.clock.now().getTime() - execution.started.getTime()) / 1000;
    const { source, slot } = of.backup;
    return { done: { source, slot, target: of.target, made, ...proof }, execution: execution.id, seconds };
  } catch (error) {
    await undo(on, error, ports);
    if (replaces) ports.out.note(replacedHint);
    throw error;
  } finally {
    ports.world.leaving.removeEventListener("abort", leave);
  }
}
/** As often as the workflow in AWS asks. */
const thawMillis = 1_800_000;

async function load({ of, execution, ports, context, walk }: Planning, { world }: Ports): Promise<Made[]> {
  for (let made: Made[] = []; ; ) {
    const step = await walk("Advance", () => advance(of, made, execution, ports, context));
    if (step.state === "loaded") return step.made;
    made = step.made;
    await walk("WaitForStep", () => world.clock.wait(step.seconds * 1000, context.signal));
  }
}

async function prove({ of, execution, ports, context }: Planning, made: readonly Made[], store: Store, to: Ports) {
  const { comparison, evidence, differs } = await compareRestored(of, made, execution, ports, context);
  if (evidence) await recordWhereAllowed(evidence, of, store, to);
  if (differs) throw differs;
  return comparison;
}

/** A restore that went well is not undone because nobody may write that down. */
async function recordWhereAllowed(
  evidence: Evidence,
  { from }: Planned<Facts>,
  { create }: Store,
  { place, out, world }: Ports,
): Promise<void> {
  if (from !== undefined) {
    out.note(`not recorded: ${from} is read as somebody who may not write there`);
    return;
  }
  try {
    const { arn, pem } = await place.cloud.keys.publicKey(`alias/${place.name("proof")}`);
    await record(evidence, { create, sign: place.cloud.keys.sign(arn, pem) }, contextOf(world));
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    out.note(`not recorded: ${told(error)}`);
  }
}

/** Goes on after a Ctrl-C. Throws {@link NotUndone}, and says how it is done later. */
async function undo(on: Planning, after: unknown, { out, world }: Ports): Promise<void> {
  const context = { ...on.context, signal: world.leaving };
  for (let tries = 1; ; tries++) {
    try {
      await on.walk("Undo", async () => ({ undone: await on.ports.restore.undo(on.execution, context) }));
      return;
    } catch (cause) {
      if (tries < undoTries) {
        await world.clock.wait(undoMillis, world.leaving);
        continue;
      }
      const why = after instanceof Error ? after.name : "unknown";
      const error = new NotUndone(`the restore ended (${why}) and what it had made was not removed (${told(cause)})`, remains(on, "Left"), {
        cause,
      });
      // After a Ctrl-C the interruption is all that is told of errors.
      if (world.signal.aborted) out.note(told(error));
      throw error;
    }
  }
}
const undoTries = 3;
const undoMillis = 5_000;

const remains = ({ of, execution }: Planning, what: string): string =>
  `${what}: ${listed(standing(of.plan.creates)) || backupId(of.backup)}, at ${of.target}. To remove it, with the options of the restore: holdfast restore --here --target ${of.target} --undo ${execution.id}`;
