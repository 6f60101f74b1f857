import { catalogue, type Entry, isBackup, stateOf } from "./catalogue.ts";
import { type Keep, type Tier, tierDays } from "./keep.ts";
import { archiveFromDays, garbageAfterHours } from "./margins.ts";
import type { Context } from "./ports/context.ts";
import type { Proof } from "./ports/kind.ts";
import type { Mark, Stored, StoreList, StoreMark } from "./ports/store.ts";
import { type Decision, decideRetention } from "./retention.ts";

export type RetainSource = { name: string; keep: Keep; verified: readonly Proof[] };
export type RetainPorts = { list: StoreList; mark: StoreMark };
export type Retained = {
  source: string;
  kept: number;
  released: string[];
  garbage: string[];
  lengthened: string[];
  stopped: string | undefined;
};

/** Writes what {@link decideRetention} decides as marks and locks. It deletes nothing; running it twice changes nothing. */
export async function retain(source: RetainSource, ports: RetainPorts, context: Context): Promise<Retained> {
  const now = context.now();
  const entries = await catalogue(ports.list, source.name);
  const backups = entries.filter(isBackup);
  const { decisions, stopped } = decideRetention(
    backups.map((entry) => ({
      slot: entry.slot,
      at: entry.at,
      state: stateOf(entry, source.verified),
      restored: entry.evidence.restored?.[0]?.verdict === "ok",
    })),
    source.keep,
    now,
  );
  const bySlot = new Map(backups.map((entry) => [entry.slot, entry]));
  const done: Retained = { source: source.name, kept: 0, released: [], garbage: [], lengthened: [], stopped };
  for (const decision of decisions) {
    context.signal.throwIfAborted();
    const entry = bySlot.get(decision.slot);
    if (!entry) continue;
    await settle(entry, markOf(decision, source.keep), decision.tier, source.keep, ports, done);
    if (decision.release === undefined) done.kept += 1;
    else done.released.push(decision.slot);
  }
  for (const object of garbageOf(entries, now)) {
    context.signal.throwIfAborted();
    await writeMark(object, { garbage: true }, ports);
    done.garbage.push(object.key);
  }
  return done;
}

const isLong = (keep: Keep, tier: Tier | undefined): tier is Tier => tier !== undefined && tierDays(keep, tier) >= archiveFromDays;

function markOf({ tier, release }: Decision, keep: Keep): Mark {
  return { ...(isLong(keep, tier) ? { tier } : {}), ...(release === undefined ? {} : { release: `${release}d` as const }) };
}

/** The manifest is marked last, so its mark tells whether all of the slot carries it. */
async function settle(
  entry: Entry & { manifest: Stored },
  mark: Mark,
  tier: Tier | undefined,
  keep: Keep,
  ports: RetainPorts,
  done: Retained,
): Promise<void> {
  if (sameMark((await ports.mark.marked(entry.manifest)) ?? {}, mark)) return;
  for (const object of [...entry.objects, entry.manifest]) {
    if (isLong(keep, tier) && ports.mark.lockUntil)
      await ports.mark.lockUntil(object, new Date(object.at.getTime() + tierDays(keep, tier) * 86_400_000));
    await ports.mark.mark(object, mark);
  }
  if (isLong(keep, tier)) done.lengthened.push(entry.slot);
}

const sameMark = (a: Mark, b: Mark) => a.release === b.release && a.tier === b.tier && a.garbage === b.garbage;

async function writeMark(object: Stored, mark: Mark, ports: RetainPorts): Promise<void> {
  if (!sameMark((await ports.mark.marked(object)) ?? {}, mark)) await ports.mark.mark(object, mark);
}

/** What attempts left in slots that never got a manifest. A losing attempt beside a winner ages with the winner. */
function garbageOf(entries: readonly Entry[], now: Date): Stored[] {
  const old = now.getTime() - garbageAfterHours * 3_600_000;
  return entries
    .filter((entry) => !entry.manifest && entry.objects.every((object) => object.at.getTime() < old))
    .flatMap((entry) => entry.objects);
}
