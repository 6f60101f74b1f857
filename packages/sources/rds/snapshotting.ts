import { setTimeout as pause } from "node:timers/promises";
import { type Capture, type Captured, type Context, type Finding, type Slot, slotId, slotTime, vanishedAfterMinutes } from "@holdfast/core";
import type { z } from "zod";
import type { Api, OpenApi } from "./api.ts";
import { CopiesInLine, InstanceOfCluster, NothingToCopy, RdsBusy, RdsDatabaseMissing, RdsNameTaken, SnapshotNamesTaken } from "./errors.ts";
import type { Database, Snapshot, Snapshots } from "./family.ts";
import { isRaw, snapshotName } from "./names.ts";
import { preflight } from "./preflight.ts";
import { recorded, type Written } from "./recorded.ts";
import { isLost, isPassing, isTakeable } from "./status.ts";
import { BECAUSE, HOW, ours, PROJECT, SLOT, SOURCE, settingsAsTags, TAKEN, type Tags } from "./tags.ts";

export type Source = { id: string; key?: string | undefined; wait: number };
/** Seconds between two looks at a database that is busy. */
export type Pace = { seconds: number };
export const PACE: Pace = { seconds: 15 };

/** `project`: {@link Surroundings.project}. */
type Parts<Settings> = { snapshots: Snapshots<Settings>; settings: z.ZodType<Settings>; pace: Pace; project: string };
type At<Settings> = Parts<Settings> & { api: Api; source: Source; context: Context };
const MINUTE = 60_000;

/**
 * Takes a manual snapshot of a database a slot, and answers `pending` until it is available. The snapshot's tags are all that is remembered: two
 * runs for one slot, and one that died anywhere, find the same snapshot.
 */
export function snapshotting<Settings>(parts: Parts<Settings>, source: Source, open: OpenApi): Capture<Written<Settings>> {
  const at = (context: Context): At<Settings> => ({ ...parts, source, context, api: open(context) });
  return {
    preflight: (context) => preflight({ ...parts, source, api: open(context), now: context.now() }),
    capture: (slot, context) => goOn(at(context), slot),
    begun: (source, context) => begun(at(context), source),
  };
}

/** Another source, or another deployment's, may snapshot the same database. */
async function begun({ snapshots, api, source, project }: At<unknown>, of: string): Promise<Date[]> {
  const all = await snapshots.list(api, source.id, "manual");
  const slots = all.flatMap(({ tags }) => (tags[PROJECT] === project && tags[SOURCE] === of ? (tags[SLOT] ?? []) : []));
  return [...new Set(slots)].flatMap((slot) => slotTime(slot) ?? []);
}

/** The next thing to do for a slot, as its snapshots tell. */
async function goOn<Settings>(at: At<Settings>, slot: Slot): Promise<Captured<Written<Settings>>> {
  const own = await ofSlot(at, slot);
  const raw = own.find(({ id }) => isRaw(id));
  const final = own.find(({ id }) => !isRaw(id));
  if (final) return await finish(at, slot, final, raw);
  if (raw) return await reencrypt(at, slot, raw);
  return hasVanished(slot, at.context) ? { state: "lost", finding: vanished(at, slot) } : await begin(at, slot);
}

const hasVanished = ({ begun }: Slot, { now }: Context): boolean =>
  begun !== undefined && now().getTime() - begun.getTime() > vanishedAfterMinutes * MINUTE;

/** Another one now would not be of the slot's moment. */
const vanished = ({ source }: At<unknown>, { begun }: Slot): Finding => ({
  name: "snapshot-vanished",
  severity: "refuse",
  message: `the snapshot of ${source.id} that was begun at ${begun?.toISOString()} is gone, so this slot stays without a backup`,
  hint: "Nothing of Holdfast deletes what is not written down: CloudTrail tells who called DeleteDBSnapshot or DeleteDBClusterSnapshot. The next slot takes a snapshot of its own.",
});

async function ofSlot({ snapshots, api, source, project }: At<unknown>, slot: Slot): Promise<Snapshot[]> {
  const all = await snapshots.list(api, source.id, "manual");
  return all.filter(({ tags }) => isOf(tags, project, slot)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
const isOf = (tags: Tags, project: string, { source, at }: Slot): boolean =>
  tags[PROJECT] === project && tags[SOURCE] === source && tags[SLOT] === slotId(at);

// ── Beginning ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function begin<Settings>(at: At<Settings>, slot: Slot): Promise<Captured<Written<Settings>>> {
  const database = await available(at, slot);
  if (!isTakeable(database.status)) return await copyAutomated(at, slot, database);
  const raw = !database.uncopyable && (await needsKey(at, database.encrypted, database.key));
  try {
    return await named(at, slot, raw, (id) => at.snapshots.take(at.api, database.id, id, tagsFor(at, slot, database, { [HOW]: "taken" })));
  } catch (error) {
    // It became busy between the look and the request.
    if (!(error instanceof RdsBusy)) throw error;
    return await copyAutomated(at, slot, database);
  }
}

/** The database once it can be snapshotted, or when waiting is of no use or has lasted too long. Throws {@link RdsDatabaseMissing}, {@link InstanceOfCluster}. */
async function available<Settings>({ snapshots, api, source, context, pace }: At<Settings>, slot: Slot): Promise<Database<Settings>> {
  const until = slot.at.getTime() + source.wait * MINUTE;
  for (;;) {
    const database = await snapshots.database(api, source.id);
    if (!database) throw new RdsDatabaseMissing(`${snapshots.noun} ${source.id}`);
    if (database.cluster !== undefined) throw new InstanceOfCluster(database.id, database.cluster);
    if (isTakeable(database.status) || !isPassing(database.status) || context.now().getTime() >= until) return database;
    await pause(pace.seconds * 1000, undefined, { signal: context.signal }).catch(() => context.signal.throwIfAborted());
  }
}

/** Whether a snapshot is only the way to a copy under the plan's key. */
async function needsKey({ api, source, snapshots }: At<unknown>, encrypted: boolean, key: string | undefined): Promise<boolean> {
  if (source.key === undefined) return false;
  if (!encrypted) return snapshots.encryptable;
  return (key === undefined ? undefined : await api.key(key))?.managed ?? false;
}

/** Gives a slot's snapshot the first of its names that is not somebody else's. A name that is taken by this slot's own is success. */
async function named<Settings>(
  at: At<Settings>,
  slot: Slot,
  raw: boolean,
  make: (id: string) => Promise<void>,
): Promise<Captured<Written<Settings>>> {
  const database = at.snapshots.called(at.source.id);
  for (let number = 1; number <= MOST_NAMES; number++) {
    const id = snapshotName(database, slot.at, { raw, number });
    try {
      await make(id);
      return { state: "pending", note: `the snapshot ${id} is being made` };
    } catch (error) {
      if (!(error instanceof RdsNameTaken)) throw error;
      const found = await at.snapshots.find(at.api, id);
      if (!found || isOf(found.tags, at.project, slot))
        return { state: "pending", note: `the snapshot ${id} is being made by another run` };
    }
  }
  throw new SnapshotNamesTaken(snapshotName(database, slot.at, { raw }));
}
const MOST_NAMES = 4;

const tagsFor = ({ project }: At<unknown>, slot: Slot, { settings }: Pick<Database<unknown>, "settings">, more: Tags): Tags => ({
  [PROJECT]: project,
  [SOURCE]: slot.source,
  [SLOT]: slotId(slot.at),
  ...more,
  ...settingsAsTags(settings),
});

/** The newest automated snapshot stands in for one that cannot be taken. Throws {@link NothingToCopy}. */
async function copyAutomated<Settings>(at: At<Settings>, slot: Slot, database: Database<Settings>): Promise<Captured<Written<Settings>>> {
  const { snapshots, api, source } = at;
  const what = `the ${snapshots.noun} ${database.id}`;
  if (database.uncopyable) throw new NothingToCopy(what, database.status, database.uncopyable);
  const automated = (await snapshots.list(api, database.id, "automated")).filter(
    ({ status, resource }) => status === "available" && resource === database.resource,
  );
  const newest = automated.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
  if (!newest) throw new NothingToCopy(what, database.status, "there is no automated snapshot to copy");
  const key = (await needsKey(at, newest.key !== undefined, newest.key)) ? source.key : undefined;
  const tags = tagsFor(at, slot, database, { [HOW]: "copied", [TAKEN]: newest.at.toISOString(), [BECAUSE]: database.status });
  return await named(at, slot, false, (id) => snapshots.copy(api, newest, id, tags, key));
}

// ── Going on ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function reencrypt<Settings>(at: At<Settings>, slot: Slot, raw: Snapshot): Promise<Captured<Written<Settings>>> {
  const waiting = underWay(raw);
  if (waiting) return waiting;
  try {
    // Without the plan's key (it was there when the snapshot was taken) the copy keeps the key that it has.
    const tags = { ...ours(raw.tags), [TAKEN]: raw.at.toISOString() };
    return await named(at, slot, false, (id) => at.snapshots.copy(at.api, raw, id, tags, at.source.key));
  } catch (error) {
    if (!(error instanceof CopiesInLine)) throw error;
    return { state: "pending", note: `the snapshot ${raw.id} waits in line to be encrypted anew` };
  }
}

/** Undefined once it is available. */
function underWay({ id, status, percent, of }: Snapshot): Exclude<Captured<never>, { state: "ready" }> | undefined {
  if (status === "available") return undefined;
  if (isLost(status)) return { state: "lost", finding: failed(id, status, of) };
  return { state: "pending", note: `the snapshot ${id} is ${status}, ${percent} %` };
}

/** For good: a slot has one snapshot, and another one now would not be of its moment. */
const failed = (id: string, status: string, of: string): Finding => ({
  name: "snapshot-failed",
  severity: "refuse",
  message: `the snapshot ${id} ended as ${status}, so this slot stays without a backup`,
  hint: `Look at the events of ${of} in the RDS console, where RDS may say why. The next slot takes a snapshot of its own; start a backup by hand if you cannot wait.`,
});

async function finish<Settings>(
  at: At<Settings>,
  slot: Slot,
  final: Snapshot,
  raw: Snapshot | undefined,
): Promise<Captured<Written<Settings>>> {
  const waiting = underWay(final);
  if (waiting) return waiting;
  // Only now: RDS breaks a copy off when what it is made from goes.
  if (raw) await at.snapshots.remove(at.api, raw.id);
  const { native, findings } = await recorded(at, final);
  return { state: "ready", artifacts: nothing(), native: async () => native, findings: [...findings, ...notes(slot, native, final)] };
}

async function* nothing(): AsyncGenerator<never> {}

/** A day between two automated snapshots, and half of one more. */
const OLD_HOURS = 36;
const LATE_HOURS = 1;

/** What the snapshot itself shows that somebody should know. */
function notes(slot: Slot, { snapshot }: Written<unknown>, { tags }: Snapshot): Finding[] {
  const hours = (Date.parse(snapshot.taken) - slot.at.getTime()) / (60 * MINUTE);
  if (snapshot.how === "copied") {
    const message = `${snapshot.of} was ${tags[BECAUSE] ?? "not available"}, so its automated snapshot of ${snapshot.taken} was copied instead`;
    // A stopped database is not written to, so what was taken before it stopped is not old.
    const old = -hours > OLD_HOURS && tags[BECAUSE] !== "stopped";
    return [
      {
        name: "automated-copied",
        severity: old ? "doubt" : "note",
        message: `${message}${old ? `, ${Math.round(-hours)} hours before the slot` : ""}`,
        hint: "Its data are older than the slot says. Bring the database back to the state available.",
      },
    ];
  }
  if (hours <= LATE_HOURS) return [];
  return [
    {
      name: "taken-late",
      severity: "note",
      message: `the snapshot was taken at ${snapshot.taken}, ${hours.toFixed(1)} hours after its slot`,
      hint: "The first run for the slot failed or was lost; its notices say why.",
    },
  ];
}
