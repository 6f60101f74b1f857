import { catalogue, type Entry, isBackup, stateOf } from "./catalogue.ts";
import { HoldfastError } from "./errors.ts";
import { backupId } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import { loadManifest, type OpenPorts, openBackup } from "./opened.ts";
import type { Context } from "./ports/context.ts";
import type { Finding } from "./ports/finding.ts";
import type { Kind } from "./ports/kind.ts";
import type { Backup, Opened, Read } from "./ports/source.ts";

export type BesidePorts<Native> = OpenPorts & { kind: Pick<Kind<unknown, Native>, "name" | "native" | "verified">; read: Read<Native> };

/** Each of them costs another reading of the backup itself. */
const mostCompared = 3;
/** A source that loses a little less than half each time has lost all but a tenth in half of these. */
const mostRecent = 7;

/**
 * Reads a backup as its kind does, beside the newest verified one before it. A backup is not blamed for damage in the one it is compared
 * with: the next older one takes its place, and when none is left that can be read, that itself is a doubt.
 */
export async function readBeside<Native>(
  opened: Opened<Native>,
  of: Manifest,
  ports: BesidePorts<Native>,
  context: Context,
): Promise<{ findings: Finding[]; with: string | undefined }> {
  const broken: string[] = [];
  const earlier = await newestBefore(of, ports, context);
  const recent = sinceAccepted(earlier);
  for (const { opened: previous } of earlier.slice(0, mostCompared)) {
    const found = await readBesideOne(opened, previous, recent, ports, context);
    if (found) return { findings: [...found, ...told(broken, "note")], with: previous.backup.slot };
    broken.push(backupId(previous.backup));
  }
  return {
    findings: [...(await ports.read.read(counted(opened, context), undefined, context)), ...told(broken, "doubt")],
    with: undefined,
  };
}

const told = (broken: readonly string[], severity: "note" | "doubt"): Finding[] =>
  broken.map((id) => ({
    name: "previous-unreadable",
    severity,
    message: `${id} was verified and cannot be read any more, so nothing was compared with it`,
    hint: "Verify that backup again, and find out what became of it.",
  }));

/** Undefined where the other backup, and not this one, could not be read. */
async function readBesideOne<Native>(
  opened: Opened<Native>,
  previous: Opened<Native>,
  recent: readonly Backup<Native>[],
  { read }: BesidePorts<Native>,
  context: Context,
): Promise<Finding[] | undefined> {
  let guilty = false;
  const watched: Opened<Native> = {
    ...previous,
    async *open(name) {
      try {
        yield* previous.open(name);
      } catch (error) {
        guilty ||= isDamage(error);
        throw error;
      }
    },
  };
  try {
    return await read.read(counted(opened, context), watched, context, recent);
  } catch (error) {
    context.signal.throwIfAborted();
    if (guilty) return undefined;
    throw error;
  }
}

const isDamage = (error: unknown) => error instanceof HoldfastError && error.fault === "backup";

function counted<Native>(opened: Opened<Native>, context: Context): Opened<Native> {
  return {
    ...opened,
    async *open(name) {
      for await (const chunk of opened.open(name)) {
        context.progress(chunk.length);
        yield chunk;
      }
    },
  };
}

type Earlier<Native> = { opened: Opened<Native>; accepted: boolean };

/** The newest verified backups before this one whose manifests can still be believed and whose bytes can be read now, newest first. */
async function newestBefore<Native>(of: Manifest, ports: BesidePorts<Native>, context: Context): Promise<Earlier<Native>[]> {
  const entries = (await catalogue(ports.list, of.source)).filter(
    (entry) =>
      isBackup(entry) &&
      entry.slot < of.slot &&
      stateOf(entry, ports.kind.verified) === "verified" &&
      entry.objects.every((object) => object.access === "now"),
  );
  for (let end = entries.length; end > 0; end -= mostRecent) {
    const newest = entries.slice(Math.max(0, end - mostRecent), end).reverse();
    const opened = (await Promise.all(newest.map((entry) => tryOpen(entry, ports, context)))).filter((it) => it !== undefined);
    if (opened.length > 0) return opened;
  }
  return [];
}

/** What a person accepted is what sizes are held against from then on, and nothing before it is. */
function sinceAccepted<Native>(earlier: readonly Earlier<Native>[]): Backup<Native>[] {
  const accepted = earlier.findIndex((it) => it.accepted);
  return earlier.slice(0, accepted < 0 ? undefined : accepted + 1).map(({ opened }) => opened.backup);
}

async function tryOpen<Native>(entry: Entry, ports: BesidePorts<Native>, context: Context): Promise<Earlier<Native> | undefined> {
  try {
    const loaded = await loadManifest(entry, ports, context.signal);
    if (stateOf(entry, ports.kind.verified, loaded.digest) !== "verified") return undefined;
    const accepted =
      entry.evidence.accepted?.some(({ verdict, digest8 }) => verdict === "ok" && loaded.digest.startsWith(digest8)) ?? false;
    return { opened: openBackup(loaded, ports.kind, ports, context.signal), accepted };
  } catch (error) {
    if (error instanceof HoldfastError && error.fault !== "world") return undefined;
    throw error;
  }
}
