import { asFinding } from "../asfinding.ts";
import { catalogue, isBackup } from "../catalogue.ts";
import { HoldfastError } from "../errors.ts";
import type { RetainSource, StandingBackup } from "../judge.ts";
import type { BackupId } from "../layout.ts";
import type { Context } from "../ports/context.ts";
import type { Finding } from "../ports/finding.ts";
import type { StoreList } from "../ports/store.ts";
import { type Looked, type SamplePorts, look, pick, type Seen } from "./look.ts";
import { type Counted, type Failed, findMissing } from "./missing.ts";
import { wantedSlots } from "./wanted.ts";

export type Sampled = {
  failed: Failed[];
  /** Backups of which something does not stand in the copy that copying again brings: for a replay. */
  missing: BackupId[];
  counted: Counted;
  /** Undefined where there was nothing to look at, or nothing could be proven; then a note says why. */
  looked?: Looked;
  notes: Finding[];
};

/**
 * Looks at one store's copies of a source: counts what is missing there, by the listings of both stores, and reads some of one artifact of one copy at
 * random places ({@link look}). What retention has released is neither picked nor missed: by the store's own rules it may be gone, or half gone. Where
 * the primary store is gone, the copies are held against their own signed manifests. Throws what has fault "world".
 */
export async function sampleCopy(source: RetainSource, ports: SamplePorts, context: Context): Promise<Sampled> {
  const { copy, primary: first, trusted } = ports;
  const there = await standingIn(copy.list, source);
  const here = first ? await standingIn(first.list, source) : new Map<string, StandingBackup>();
  const wanted = wantedSlots([...new Map([...there, ...here]).values()], source, context.now());
  const none = { failed: [], again: [], counted: { backups: 0, files: 0, evidence: 0, keys: 0 } };
  const found = first
    ? await findMissing(source, { here, there, wanted }, { name: copy.name, first, list: copy.list, trusted }, context)
    : none;
  const broken = new Set(found.failed.map(({ slot }) => slot));
  const chosen = pick(
    [...there.values()].filter(({ slot }) => wanted.has(slot) && !broken.has(slot)),
    ports,
  );
  const seen: Seen | Failed = chosen ? await lookOrFind(chosen, ports, context) : { notes: [] };
  return {
    failed: [...found.failed, ...("finding" in seen ? [seen] : [])],
    missing: found.again,
    counted: found.counted,
    ...("finding" in seen ? { notes: [] } : seen),
  };
}

const standingIn = async (list: StoreList, { name }: RetainSource): Promise<Map<string, StandingBackup>> =>
  new Map((await catalogue(list, name)).filter(isBackup).map((entry) => [entry.slot, entry]));

async function lookOrFind(at: BackupId, ports: SamplePorts, context: Context): Promise<Seen | Failed> {
  try {
    return await look(at, ports, context);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.fault !== "backup") throw error;
    context.signal.throwIfAborted(); // what was cut off looks broken to whoever read it
    return { source: at.source, slot: at.slot, finding: asFinding(error, "refuse") };
  }
}
