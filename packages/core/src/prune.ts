import { TooManyToPrune } from "./backuperrors.ts";
import { catalogue, type Entry, isBackup, stateOf } from "./catalogue.ts";
import { loadManifest, type ManifestPorts } from "./opened.ts";
import { type Pruning, type PrunePlan, type PruneStanding, planPrune } from "./planprune.ts";
import type { Context } from "./ports/context.ts";
import type { Proof } from "./ports/kind.ts";
import type { Prune } from "./ports/prune.ts";
import type { Sign } from "./ports/sign.ts";
import type { StoreCreate } from "./ports/store.ts";
import { record } from "./record.ts";
import { version } from "./version.ts";

/** `keep`: what its kind's `keeps` says. */
export type PruneSource = { name: string; keep: number; verified: readonly Proof[] };
export type PrunePorts = ManifestPorts & { create: StoreCreate; sign: Sign; service: Prune };
export type Pruned = { source: string; removed: string[]; kept: number; stopped: string | undefined };

/** What {@link prune} would do now. Writes and deletes nothing. */
export async function prunePlan(source: PruneSource, ports: Pick<PrunePorts, "list" | "service">, context: Context): Promise<PrunePlan> {
  return (await look(source, ports, context)).plan;
}

/**
 * Deletes at the source's own service what {@link planPrune} no longer wants. That a backup goes is recorded and signed before it does, so that one
 * which is gone never looks as if somebody else had deleted it; a run that died in between is gone on with by the next. What is only told here and
 * not believed is left alone: a backup goes only if its manifest holds. One that cannot be deleted does not hold up the others; the first error is
 * thrown after the last. Throws {@link TooManyToPrune}, and then nothing was done, unless a person `confirmed` it.
 */
export async function prune(
  source: PruneSource,
  ports: PrunePorts,
  context: Context,
  asked: { confirmed?: boolean } = {},
): Promise<Pruned> {
  const { plan, backups } = await look(source, ports, context);
  if (plan.tooMany !== undefined && !asked.confirmed) throw new TooManyToPrune(source.name, plan.tooMany);
  const removed: string[] = [];
  const failures: unknown[] = [];
  for (const one of plan.remove) {
    context.signal.throwIfAborted();
    try {
      const backup = backups.get(one.slot);
      if (backup && one.place === "" && one.state !== "passing") await recordPruned(backup, one, ports, context);
      await ports.service.remove(source.name, one, context);
      removed.push(one.id);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return { source: source.name, removed, kept: plan.keep.length, stopped: plan.stopped };
}

/** The service is asked first: whatever it shows then has, or gets, its manifest in the listing that follows. */
async function look(source: PruneSource, { list, service }: Pick<PrunePorts, "list" | "service">, context: Context) {
  const held = await service.held(source.name, context);
  const entries = (await catalogue(list, source.name)).filter(isBackup);
  const standings = entries.map((entry) => pruneStanding(entry, source.verified));
  const plan = planPrune({ standings, held, keep: source.keep, now: context.now() });
  return { plan, backups: new Map(entries.map((entry) => [entry.slot, entry])) };
}

function pruneStanding(entry: Entry, verified: readonly Proof[]): PruneStanding {
  const { pruned: _gone, ...evidence } = entry.evidence;
  return {
    slot: entry.slot,
    at: entry.at,
    state: stateOf(entry, verified),
    elsewhere: stateOf({ ...entry, evidence }, verified),
    restored: entry.evidence.restored?.[0]?.verdict === "ok",
  };
}

/** Under one key for one snapshot, however often it is tried. Throws what {@link loadManifest} throws. */
async function recordPruned({ source, slot }: Entry, { id, because }: Pruning, ports: PrunePorts, context: Context): Promise<void> {
  const { digest } = await loadManifest({ source, slot }, ports, context.signal);
  await record(
    {
      format: "holdfast-evidence/1",
      proof: "pruned",
      verdict: "ok",
      source,
      slot,
      manifest: digest,
      run: id,
      at: context.now().toISOString(),
      seconds: 0,
      holdfast: version,
      findings: [],
      details: { id, because },
    },
    ports,
    context,
  );
}
