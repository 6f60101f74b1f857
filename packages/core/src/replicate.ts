import { catalogue, type Entry, isBackup, stateOf } from "./catalogue.ts";
import { HoldfastError } from "./errors.ts";
import { recheckHours, replicateEveryMinutes } from "./margins.ts";
import { loadManifest, type ManifestPorts, nativeOf } from "./opened.ts";
import type { Context } from "./ports/context.ts";
import type { Finding } from "./ports/finding.ts";
import type { Kind, Proof } from "./ports/kind.ts";
import type { Replicate, Replicated } from "./ports/replicate.ts";
import type { Sign } from "./ports/sign.ts";
import type { Backup } from "./ports/source.ts";
import type { StoreCreate } from "./ports/store.ts";
import { record } from "./record.ts";
import { replicaOf } from "./replicas.ts";
import { version } from "./version.ts";

/** `keeps`: how many of the newest verified backups are to stand at each destination. */
export type ReplicateSource = { name: string; verified: readonly Proof[]; keeps: number; to: readonly string[] };
export type ReplicatePorts<Native> = ManifestPorts & {
  kind: Pick<Kind<unknown, Native>, "name" | "native">;
  replicate: Replicate<Native>;
  create: StoreCreate;
  sign: Sign;
};
/** `slots` with what was recorded of them now. `note`: what is on its way or waits, where something does. */
export type ReplicateOutcome = { to: string; recorded: { slot: string; verdict: "ok" | "failed" }[]; note?: string };

type At<Native> = {
  to: string;
  source: ReplicateSource;
  ports: ReplicatePorts<Native>;
  context: Context;
  recorded: ReplicateOutcome["recorded"];
};
/** By slot, so that a backup is opened once for all destinations. */
type Open<Native> = (entry: Entry) => Promise<Backup<Native> | undefined>;

/**
 * Brings the newest verified backups to each destination, the newest first and one at a time, and records what stands there. A destination that
 * fails does not hold up the others; the first error is thrown after the last. Nothing is remembered: a run that died, came twice or late finds
 * by the evidence and by what stands there how far the others got.
 */
export async function replicate<Native>(
  source: ReplicateSource,
  ports: ReplicatePorts<Native>,
  context: Context,
): Promise<ReplicateOutcome[]> {
  const entries = (await catalogue(ports.list, source.name)).filter(isBackup);
  const verified = entries.filter((entry) => stateOf(entry, source.verified) === "verified");
  const wanted = verified.slice(-source.keeps).reverse();
  const outcomes: ReplicateOutcome[] = [];
  const failures: unknown[] = [];
  const open = opener(source, ports, context, failures);
  for (const to of source.to) {
    const at: At<Native> = { to, source, ports, context, recorded: [] };
    try {
      const note = await goOn(at, wanted, open);
      outcomes.push({ to, recorded: at.recorded, ...(note === undefined ? {} : { note }) });
    } catch (error) {
      context.signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return outcomes;
}

/** What is under way or waits at one destination. */
async function goOn<Native>(at: At<Native>, wanted: readonly Entry[], open: Open<Native>): Promise<string | undefined> {
  const missing: Backup<Native>[] = [];
  let note: string | undefined;
  for (const entry of wanted) {
    at.context.signal.throwIfAborted();
    const known = replicaOf(entry, at.to);
    if (known && !isDue(known, at.context.now())) continue;
    const backup = await open(entry);
    if (!backup) continue;
    const found = await at.ports.replicate.look(backup, at.to, at.context);
    if (known) await recheck(at, backup, found);
    else if (!found) missing.push(backup);
    else note = (await settle(at, backup, found)) ?? note;
  }
  for (const backup of missing) {
    if (note !== undefined) break;
    at.context.signal.throwIfAborted();
    note = await settle(at, backup, await at.ports.replicate.replicate(backup, at.to, at.context));
  }
  return note;
}

/** Records what will not change any more, and tells what will. */
async function settle<Native>(at: At<Native>, backup: Backup<Native>, found: Replicated): Promise<string | undefined> {
  if (found.state === "pending" || found.state === "waiting") return found.note;
  if (found.state === "whole") await tell(at, backup, [], found.details);
  else await fail(at, backup, found.finding);
  return undefined;
}

/** Not of a backup that retention has let go of meanwhile: nobody is told of what was meant. */
async function fail<Native>(at: At<Native>, backup: Backup<Native>, finding: Finding): Promise<void> {
  const now = (await catalogue(at.ports.list, at.source.name)).find(({ slot }) => slot === backup.slot);
  if (now && stateOf(now, at.source.verified) === "verified") await tell(at, backup, [finding], {});
}

/** Once a day for each copy, in the one run that falls to it: nothing is recorded of what still stands. */
function isDue({ verdict, at }: { verdict: "ok" | "failed"; at: Date }, now: Date): boolean {
  const [age, day] = [now.getTime() - at.getTime(), recheckHours * 3_600_000];
  return verdict === "ok" && age >= day && age % day <= (replicateEveryMinutes + 1) * 60_000;
}

async function recheck<Native>(at: At<Native>, backup: Backup<Native>, found: Replicated | undefined): Promise<void> {
  if (found?.state === "lost") await fail(at, backup, found.finding);
  if (found) return;
  const finding: Finding = {
    name: "copy-gone",
    severity: "refuse",
    message: `the copy of ${backup.source}/${backup.slot} in ${at.to} does not exist any more`,
    hint: "Somebody deleted it: CloudTrail there knows who. It is not made again; later backups are copied as before.",
  };
  await fail(at, backup, finding);
}

async function tell<Native>(
  { to, ports, context, recorded }: At<Native>,
  { source, slot, manifestSha256 }: Backup<Native>,
  findings: Finding[],
  details: Record<string, string | number>,
): Promise<void> {
  const verdict = findings.length > 0 ? "failed" : "ok";
  await record(
    {
      format: "holdfast-evidence/1",
      proof: "replicated",
      verdict,
      source,
      slot,
      manifest: manifestSha256,
      run: to,
      at: context.now().toISOString(),
      seconds: 0,
      holdfast: version,
      findings,
      details,
    },
    ports,
    context,
  );
  recorded.push({ slot, verdict });
}

/**
 * Undefined where what made it count as verified was said of another manifest, and where the manifest cannot be believed: that goes to `failures`, and
 * holds up no other backup.
 */
function opener<Native>(
  { verified }: ReplicateSource,
  ports: ReplicatePorts<Native>,
  { signal }: Context,
  failures: unknown[],
): Open<Native> {
  const opened = new Map<string, Backup<Native> | undefined>();
  const load = async (entry: Entry): Promise<Backup<Native> | undefined> => {
    const { manifest, digest } = await loadManifest(entry, ports, signal);
    if (stateOf(entry, verified, digest) !== "verified") return undefined;
    const { source, slot } = manifest;
    return { source, slot, manifestSha256: digest, artifacts: [], native: nativeOf(manifest, ports.kind) };
  };
  return async (entry) => {
    if (opened.has(entry.slot)) return opened.get(entry.slot);
    const backup = await load(entry).catch((error: unknown) => {
      if (!(error instanceof HoldfastError) || error.fault === "world") throw error;
      failures.push(error);
      return undefined;
    });
    opened.set(entry.slot, backup);
    return backup;
  };
}
