import { catalogue, type Entry, isBackup, stateOf } from "./catalogue.ts";
import { HoldfastError } from "./errors.ts";
import { backupId } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import { loadManifest, type OpenPorts, openBackup } from "./opened.ts";
import type { Context } from "./ports/context.ts";
import type { Finding } from "./ports/finding.ts";
import type { Kind } from "./ports/kind.ts";
import type { Opened, Read } from "./ports/source.ts";

export type BesidePorts<Native> = OpenPorts & { kind: Pick<Kind<unknown, Native>, "name" | "native" | "verified">; read: Read<Native> };

/** Each of them costs another reading of the backup itself. */
const mostCompared = 3;

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
  for await (const previous of earlier(of, ports, context)) {
    const found = await readBesideOne(opened, previous, ports, context);
    if (found) return { findings: [...found, ...told(broken, "note")], with: previous.backup.slot };
    broken.push(backupId(previous.backup));
    if (broken.length === mostCompared) break;
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
    return await read.read(counted(opened, context), watched, context);
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

/** The newest verified backups before this one whose manifests can still be believed and whose bytes can be read now, newest first. */
async function* earlier<Native>(of: Manifest, ports: BesidePorts<Native>, context: Context): AsyncGenerator<Opened<Native>> {
  const entries = (await catalogue(ports.list, of.source)).filter(
    (entry) =>
      isBackup(entry) &&
      entry.slot < of.slot &&
      stateOf(entry, ports.kind.verified) === "verified" &&
      entry.objects.every((object) => object.access === "now"),
  );
  for (const entry of entries.reverse()) {
    const opened = await tryOpen(entry, ports, context);
    if (opened) yield opened;
  }
}

async function tryOpen<Native>(entry: Entry, ports: BesidePorts<Native>, context: Context): Promise<Opened<Native> | undefined> {
  try {
    const loaded = await loadManifest(entry, ports, context.signal);
    return stateOf(entry, ports.kind.verified, loaded.digest) === "verified"
      ? openBackup(loaded, ports.kind, ports, context.signal)
      : undefined;
  } catch (error) {
    if (error instanceof HoldfastError && error.fault !== "world") return undefined;
    throw error;
  }
}
