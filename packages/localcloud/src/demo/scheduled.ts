import { bytes, counted, grouped } from "@holdfast/cli/src/wording.ts";
import type { Place } from "@holdfast/cli/src/place.ts";
import {
  backupId,
  catalogue,
  type Entry,
  isBackup,
  type Loaded,
  loadManifest,
  parseSchedule,
  type Store,
  type TrustedKeys,
} from "@holdfast/core";
import { native } from "@holdfast/sources/postgres/native.ts";
import { DemoFailed } from "./errors.ts";
import { source } from "./plan.ts";
import type { Say, Steps, Told } from "./steps.ts";
import { tries, watchForTrouble } from "./trouble.ts";
import { waitFor } from "./wait.ts";

/** A backup that was made, as its signed manifest tells. */
export type Made = { entry: Entry; loaded: Loaded; rows: number; bytes: number; seconds: number };
export type Watching = {
  place: Place;
  store: Store;
  trusted: TrustedKeys;
  schedule: string;
  /** Backups of slots before it do not count: nobody may have heard of them. */
  since: Date;
  steps: Steps;
  signal: AbortSignal;
};

/** A first try that fails is tried again by the Scheduler; after two occurrences and this many seconds something is wrong. */
const patience = 60;

/** Waits until the schedule has fired and a backup stands. Nothing here starts it: that is what is shown. */
export async function awaitBackup(watching: Watching): Promise<Made> {
  const { schedule, steps } = watching;
  await steps.run(
    "waiting for the schedule",
    (say) => awaitFirstSign(watching, say),
    (entry) => `the schedule ${schedule} fired at ${clockTime(entry.at)}`,
  );
  return await steps.run("backup", (say) => awaitManifest(watching, say), describeBackup);
}

async function awaitFirstSign(watching: Watching, say: Say): Promise<Entry> {
  const { next, interval } = parseSchedule(watching.schedule);
  const due = next(watching.since);
  const troubled = watchForTrouble({ name: `backup-${source}`, most: tries.asynchronous }, watching.place, watching.signal);
  const seconds = (due.getTime() - Date.now() + interval(due)) / 1000 + patience;
  return await waitFor("a backup by the schedule", seconds, watching.signal, async () => {
    say(countdown(watching.schedule, due, new Date()));
    await troubled();
    return (await entries(watching)).at(-1);
  });
}

/** What is shown until the moment has come, and after it until the first file is in the bucket. */
export function countdown(schedule: string, due: Date, now: Date): string {
  const seconds = Math.ceil((due.getTime() - now.getTime()) / 1000);
  return seconds > 0
    ? `in ${seconds} s, at ${clockTime(due)}, ${schedule} fires; nobody calls the function by hand`
    : `${schedule} fired at ${clockTime(due)}; the function is at work`;
}
const clockTime = (at: Date): string => `${at.toISOString().slice(11, 19)} UTC`;

/** Of moments that the schedule names: somebody may make a backup by hand meanwhile. */
async function entries({ store, since, schedule }: Watching): Promise<Entry[]> {
  const { latest } = parseSchedule(schedule);
  return (await catalogue(store.list, source)).filter(({ at }) => at > since && latest(at).getTime() === at.getTime());
}

async function awaitManifest(watching: Watching, say: Say): Promise<Made> {
  const { store, trusted, signal } = watching;
  const troubled = watchForTrouble({ name: `backup-${source}`, most: tries.asynchronous }, watching.place, signal);
  const entry = await waitFor("the manifest of a backup", patience * 2, signal, async () => {
    await troubled();
    const found = await entries(watching);
    const newest = found.at(-1);
    if (newest) say(landed(newest));
    return found.find(isBackup);
  });
  return readBackup(entry, await loadManifest(entry, { store: store.read, list: store.list, trusted }, signal));
}

const landed = ({ objects }: Entry): string =>
  objects.map(({ key, bytes: size }) => `${key.split("/").at(-1)} ${bytes(size)}`).join(", ") || "dumping";

/** Throws {@link DemoFailed} when it was not the schedule that asked for it. */
function readBackup(entry: Entry, loaded: Loaded): Made {
  const { manifest } = loaded;
  if (manifest.trigger !== "schedule")
    throw new DemoFailed(
      `${backupId(entry)} was made by "${manifest.trigger}"`,
      "The demo is about a schedule; something else made a backup meanwhile.",
    );
  const databases = native.parse(manifest.native).databases;
  return {
    entry,
    loaded,
    rows: databases.reduce((sum, it) => sum + it.rows, 0),
    bytes: manifest.artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0),
    seconds: (Date.parse(manifest.finished) - Date.parse(manifest.started)) / 1000,
  };
}

function describeBackup({ entry, loaded, rows, bytes: size, seconds }: Made): Told {
  return {
    text: `backup ${backupId(entry)}: ${grouped(rows)} rows in ${counted(loaded.manifest.artifacts.length, "encrypted file")}, ${bytes(size)}, signed`,
    seconds,
  };
}
