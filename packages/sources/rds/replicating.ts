import { type Backup, type Context, type Finding, InputInvalid, type Replicate, type Replicated } from "@holdfast/core";
import { type Api, type OpenApi, unlessMissing } from "./api.ts";
import { CopiesInLine, KeyNotUsable, RdsNameTaken, RdsNotFound, RdsRefused, SnapshotNamesTaken } from "./errors.ts";
import type { Snapshot, Snapshots } from "./family.ts";
import type { Recorded, Written } from "./recorded.ts";
import { destination, type Replica } from "./replicas.ts";
import { isLost } from "./status.ts";
import { COPY_OF, ours, PROJECT, SLOT, SOURCE, type Tags } from "./tags.ts";

/** What instances and clusters have each of their own. */
export type Copyable = {
  snapshots: Pick<Snapshots<unknown>, "list" | "find" | "copy" | "encryptable" | "noun">;
  /** Lets another account copy it. Twice is harmless. */
  share(api: Api, id: string, account: string): Promise<void>;
  /** Why what was taken of that engine can never be copied. */
  uncopyable(engine: string): string | undefined;
  /** Whether a copy has as many gigabytes as what it was made from; Aurora tells about what is used. */
  sized: boolean;
};
export type Replicating = Copyable & {
  project: string;
  replicas: readonly Replica[];
  /** Where the source is, and where copies stand. */
  home: OpenApi;
  away(replica: Replica): OpenApi;
};
type At<Settings> = Replicating & { replica: Replica; backup: Backup<Written<Settings>>; there: Api; context: Context };

/**
 * Copies snapshots to other regions and accounts. A copy has the name of what it was made from, and tags that tell what: they are all that is
 * remembered, so that two runs at once and one after another that died find the same copy.
 */
export function replicating<Settings>(parts: Replicating): Replicate<Written<Settings>> {
  const opened = new Map<string, OpenApi>();
  const at = (backup: Backup<Written<Settings>>, to: string, context: Context): At<Settings> => {
    const replica = parts.replicas.find((one) => destination(one) === to);
    if (!replica) throw new InputInvalid(`${to} is none of the places that the plan has copies at`, "Deploy again.");
    const open = opened.get(to) ?? parts.away(replica);
    opened.set(to, open);
    return { ...parts, replica, backup, context, there: open(context) };
  };
  return {
    look: (backup, to, context) => look(at(backup, to, context)),
    replicate: (backup, to, context) => begin(at(backup, to, context)),
  };
}

// ── What stands there ────────────────────────────────────────────────────────────────────────────────────────────────────────

async function look<Settings>(at: At<Settings>): Promise<Exclude<Replicated, { state: "waiting" }> | undefined> {
  // There is no such database there, which is nothing to complain about.
  const all = (await unlessMissing(at.snapshots.list(at.there, at.backup.native.snapshot.of, "manual"))) ?? [];
  const own = all.filter(({ tags }) => isOf(tags, at));
  const found = own.find(({ status }) => status === "available") ?? own.find(({ status }) => !isLost(status)) ?? own[0];
  return found && (await judge(at, found));
}

const isOf = (tags: Tags, { project, backup: { source, slot, native } }: At<unknown>): boolean =>
  tags[PROJECT] === project && tags[SOURCE] === source && tags[SLOT] === slot && tags[COPY_OF] === native.snapshot.arn;

async function judge(at: At<unknown>, found: Snapshot): Promise<Exclude<Replicated, { state: "waiting" }>> {
  const { id, arn, status, percent, gigabytes } = found;
  const { replica, backup, there } = at;
  if (isLost(status)) return lost("copy-failed", `the copy ${id} in ${destination(replica)} ended as ${status}`, FAILED);
  if (status !== "available") return { state: "pending", note: `the copy ${id} in ${destination(replica)} is ${status}, ${percent} %` };
  const differ = differences(at, found, backup.native.snapshot);
  if (differ.length > 0) return lost("copy-differs", `the copy ${id} in ${destination(replica)} has ${differ.join(", ")}`, REPLACED);
  const state = (await there.key(replica.key))?.state ?? "not to be found";
  if (state !== "Enabled") throw new KeyNotUsable(`looking at the copy ${id} in ${destination(replica)}`, `${replica.key} is ${state}`);
  return { state: "whole", details: { snapshot: arn, key: replica.key, gigabytes } };
}
const FAILED = "RDS does not tell why; look at the key and at the events in that region. Later backups are copied as before.";
const REPLACED = "Somebody replaced or changed it: CloudTrail there knows who. Later backups are copied as before.";

function differences({ replica, sized }: At<unknown>, found: Snapshot, { engine, version, gigabytes, of }: Recorded): string[] {
  const wanted = { key: replica.key, engine, version, of, ...(sized ? { gigabytes } : {}) };
  const fields = Object.keys(wanted) as (keyof typeof wanted)[];
  return fields.flatMap((field) => (found[field] === wanted[field] ? [] : `${field} ${found[field] ?? "none"}`));
}

// ── Beginning ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function begin<Settings>(at: At<Settings>): Promise<Replicated> {
  const { snapshots, context, replica, backup } = at;
  const { snapshot } = backup.native;
  const home = at.home(context);
  const hopeless = await hopelessness(at, home, snapshot);
  if (hopeless) return hopeless;
  const source = await snapshots.find(home, snapshot.id);
  if (!source || source.arn !== snapshot.arn || source.resource !== snapshot.resource)
    return lost(
      "snapshot-gone",
      `the snapshot ${snapshot.id} does not exist any more`,
      "Its verification tells the same. Later backups are copied as before.",
    );
  if (replica.account) await at.share(home, snapshot.id, replica.account);
  return await copied(at, source);
}

async function copied<Settings>(at: At<Settings>, source: Snapshot): Promise<Replicated> {
  const { project, replica, backup } = at;
  const tags = { ...ours(source.tags), [PROJECT]: project, [SOURCE]: backup.source, [SLOT]: backup.slot, [COPY_OF]: source.arn };
  try {
    return await named(at, source.id, (id) => at.snapshots.copy(at.there, source, id, tags, replica.key));
  } catch (error) {
    if (error instanceof CopiesInLine) return { state: "waiting", note: `the copy of ${source.id} waits in line: ${error.message}` };
    // What was shared just now is seen a little later.
    if (error instanceof RdsNotFound && replica.account)
      return { state: "pending", note: `${source.id} was shared, and is not seen there yet` };
    if (error instanceof RdsRefused)
      return lost("copy-refused", `the snapshot ${source.id} cannot be copied to ${destination(replica)}: ${error.message}`, REFUSED);
    throw error;
  }
}
const REFUSED =
  "Option groups with persistent options, and what RDS names here, cannot go there. Take the destination out of the plan, or change it.";

/** Gives the copy the first name that is not somebody else's. A name that is taken by this copy is success. */
async function named(at: At<unknown>, wanted: string, make: (id: string) => Promise<void>): Promise<Replicated> {
  const where = destination(at.replica);
  for (let number = 1; number <= MOST_NAMES; number++) {
    const id = `${wanted}${number === 1 ? "" : `-${number}`}`;
    try {
      await make(id);
      return { state: "pending", note: `the copy ${id} in ${where} is being made` };
    } catch (error) {
      if (!(error instanceof RdsNameTaken)) throw error;
      const found = await at.snapshots.find(at.there, id);
      if (!found || isOf(found.tags, at)) return { state: "pending", note: `the copy ${id} in ${where} is being made by another run` };
    }
  }
  throw new SnapshotNamesTaken(wanted);
}
const MOST_NAMES = 4;

/** Why RDS would refuse it whenever it is asked; undefined: it would not. */
async function hopelessness(at: At<unknown>, home: Api, { id, engine, key }: Recorded): Promise<Replicated | undefined> {
  const { snapshots, replica } = at;
  const why = at.uncopyable(engine);
  if (why)
    return lost(
      "copy-impossible",
      `the snapshot ${id} stays where it is: ${why}`,
      "Take the replicas out of the plan. Its dump can be copied anywhere.",
    );
  if (key === undefined && !snapshots.encryptable)
    return lost(
      "copy-unencrypted",
      `the snapshot ${id} is not encrypted, and a copy of it cannot be`,
      `Restore it once with a key, and back up the new ${snapshots.noun}.`,
    );
  if (replica.account && key !== undefined && (await home.key(key))?.managed)
    return lost(
      "default-key-not-shared",
      `the snapshot ${id} is under AWS's own key aws/rds, which no other account can use`,
      "Name a key of your own as key in the plan: later snapshots are then encrypted anew under it.",
    );
  return undefined;
}

const lost = (name: string, message: string, hint: string): { state: "lost"; finding: Finding } => ({
  state: "lost",
  finding: { name, severity: "refuse", message, hint },
});
