import {
  catalogue,
  type Entry,
  type Evidence,
  evidenceLimit,
  isBackup,
  type Proof,
  readEvidence,
  type State,
  type Store,
  type StoreList,
  standingOf,
  type TrustedKeys,
  whole,
} from "@holdfast/core";
import { StillWaiting } from "./errors.ts";
import type { World } from "./world.ts";

/** A listing of one slot alone: the catalogue asks for a source's prefixes, and each of them goes on with the slot. */
const ofSlot = (list: StoreList, slot: string): StoreList => ({ list: (prefix) => list.list(`${prefix}${slot}/`) });

export async function findEntry(list: StoreList, source: string, slot: string): Promise<Entry | undefined> {
  return (await catalogue(ofSlot(list, slot), source)).find((entry) => entry.slot === slot);
}

export type Stood = { entry: Entry; state: State };
export type Waiting = { source: string; slot: string; verified: readonly Proof[]; minutes: number };

/** Waits until the backup is there and its kind's proofs are told of it, whatever they say. Throws {@link StillWaiting}. */
export async function awaitVerdict(list: StoreList, of: Waiting, { clock, signal }: Pick<World, "clock" | "signal">): Promise<Stood> {
  const until = clock.now().getTime() + of.minutes * 60_000;
  for (;;) {
    const entry = await findEntry(list, of.source, of.slot);
    const state = entry && isBackup(entry) ? standingOf(entry, of.verified).state : "unverified";
    if (entry && state !== "unverified") return { entry, state };
    if (clock.now().getTime() >= until)
      throw new StillWaiting(
        entry && isBackup(entry)
          ? `${of.source}/${of.slot} was made and is not verified after ${of.minutes} minutes`
          : `${of.source}/${of.slot} is not there after ${of.minutes} minutes`,
        "Its verification is asked for again by itself; `holdfast list` shows when it is done, and the dead-letter queue of verify why not.",
      );
    await clock.wait(pollMillis, signal);
  }
}
const pollMillis = 1_000;

/** Every piece of evidence that the state rests on, opened and its signature checked. */
export async function readStanding(
  stood: Stood,
  verified: readonly Proof[],
  store: Pick<Store, "read">,
  trusted: TrustedKeys,
  digest?: string,
): Promise<Evidence[]> {
  const failed = stood.entry.evidence.restored?.[0];
  const restsOn = standingOf(stood.entry, verified, digest).restsOn;
  const found = failed?.verdict === "failed" ? [...new Set([...restsOn, failed])] : restsOn;
  const read = found.map(async (ref) => readEvidence(await whole(store.read.read({ key: ref.key }), evidenceLimit), ref, trusted));
  return await Promise.all(read);
}
