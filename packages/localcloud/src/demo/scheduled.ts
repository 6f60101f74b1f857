import type { Place } from "@holdfast/cli/src/place.ts";
import { bytes, counted } from "@holdfast/cli/src/wording.ts";
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
import { DemoFailed } from "./errors.ts";
import type { Say, Steps, Told } from "./steps.ts";
import type { Subject } from "./subject.ts";
import { tries, watchForTrouble } from "./trouble.ts";
import { waitFor } from "./wait.ts";

/** A backup that was made, as its signed manifest tells. */
export type Made = { entry: Entry; loaded: Loaded; holds: string; bytes: number; seconds: number };
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
type Source = Pick<Subject, "source">;

/** A first try that fails is tried again by the Scheduler; after two occurrences and this many seconds something is wrong. */
const patience = 60;

/** Waits until the schedule has fired for one of the sources; all have the same. Nothing here starts anything: that is what is shown. */
export const awaitSchedule = (sources: readonly Source[], watching: Watching): Promise<Entry> =>
  watching.steps.run(
    "waiting for the schedule",
    (say) => awaitFirstSign(sources, watching, say),
    ({ at }) => `the schedule ${watching.schedule} fired at ${clockTime(at)} for ${sources.map(({ source }) => source).join(" and ")}`,
  );

async function awaitFirstSign(sources: readonly Source[], watching: Watching, say: Say): Promise<Entry> {
  const { next, interval } = parseSchedule(watching.schedule);
  const due = next(watching.since);
  const troubled = sources.map((source) => watchCapture(source, watching));
  const seconds = (due.getTime() - Date.now() + interval(due)) / 1000 + patience;
  return await waitFor("a backup by the schedule", seconds, watching.signal, async () => {
    say(countdown(watching.schedule, due, new Date()));
    for (const look of troubled) await look();
    return (await Promise.all(sources.map((source) => entries(source, watching)))).flat().at(-1);
  });
}

const watchCapture = ({ source }: Source, { place, signal }: Watching) =>
  watchForTrouble({ name: `backup-${source}`, most: tries.asynchronous }, place, signal);

/** What is shown until the moment has come, and after it until the first file is in the bucket. */
export function countdown(schedule: string, due: Date, now: Date): string {
  const seconds = Math.ceil((due.getTime() - now.getTime()) / 1000);
  return seconds > 0
    ? `in ${seconds} s, at ${clockTime(due)}, ${schedule} fires; nobody calls a function by hand`
    : `${schedule} fired at ${clockTime(due)}; the functions are at work`;
}
const clockTime = (at: Date): string => `${at.toISOString().slice(11, 19)} UTC`;

/** Of moments that the schedule names: somebody may make a backup by hand meanwhile. */
async function entries({ source }: Source, { store, since, schedule }: Watching): Promise<Entry[]> {
  const { latest } = parseSchedule(schedule);
  return (await catalogue(store.list, source)).filter(({ at }) => at > since && latest(at).getTime() === at.getTime());
}

/** Waits until a source's backup stands. Throws {@link DemoFailed} where it does not hold what was counted. */
export const awaitBackup = (subject: Subject, watching: Watching): Promise<Made> =>
  watching.steps.of(subject.source).run("backup", (say) => awaitManifest(subject, watching, say), describeBackup);

async function awaitManifest(subject: Subject, watching: Watching, say: Say): Promise<Made> {
  const { store, trusted, signal } = watching;
  const troubled = watchCapture(subject, watching);
  const entry = await waitFor(`the manifest of a backup of ${subject.source}`, patience * 2, signal, async () => {
    await troubled();
    const found = await entries(subject, watching);
    const newest = found.at(-1);
    if (newest) say(landed(newest));
    return found.find(isBackup);
  });
  return readBackup(subject, entry, await loadManifest(entry, { store: store.read, list: store.list, trusted }, signal));
}

const landed = ({ objects }: Entry): string =>
  objects.map(({ key, bytes: size }) => `${key.split("/").at(-1)} ${bytes(size)}`).join(", ") || "reading the source";

/** Throws {@link DemoFailed} when it was not the schedule that asked for it. */
function readBackup(subject: Subject, entry: Entry, loaded: Loaded): Made {
  const { manifest } = loaded;
  if (manifest.trigger !== "schedule")
    throw new DemoFailed(
      `${backupId(entry)} was made by "${manifest.trigger}"`,
      "The demo is about a schedule; something else made a backup meanwhile.",
    );
  return {
    entry,
    loaded,
    holds: subject.holds(manifest),
    bytes: manifest.artifacts.reduce((all, artifact) => all + artifact.bytes, 0),
    seconds: (Date.parse(manifest.finished) - Date.parse(manifest.started)) / 1000,
  };
}

function describeBackup({ entry, loaded, holds, bytes: size, seconds }: Made): Told {
  const { artifacts } = loaded.manifest;
  const files = artifacts.length > 0 ? `${counted(artifacts.length, "encrypted file")}, ${bytes(size)}, signed` : "and a signed manifest";
  return { text: `backup ${entry.slot}: ${holds}, ${files}`, seconds };
}
