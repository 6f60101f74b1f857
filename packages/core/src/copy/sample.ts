import { asFinding } from "../asfinding.ts";
import { ArtifactMissing, ArtifactTruncated } from "../backuperrors.ts";
import { catalogue, type Entry, isBackup, stateOf } from "../catalogue.ts";
import { copiedTo, copyVerdict } from "../copies.ts";
import { HoldfastError } from "../errors.ts";
import { artifactKey, type BackupId, backupId } from "../layout.ts";
import { type Loaded, loadManifest, slotObjects, whole } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import type { Finding } from "../ports/finding.ts";
import type { Kind } from "../ports/kind.ts";
import type { TrustedKeys } from "../ports/sign.ts";
import type { Range, Ref, Stored, StoreList, StoreRead } from "../ports/store.ts";
import { readPayloadRange } from "./agerange.ts";
import type { Piece } from "./combine.ts";
import { digesting } from "./digests.ts";
import { CopyDecayed } from "./errors.ts";
import { pinned } from "./pinned.ts";
import { compareSums, signedOf } from "./prove.ts";

/** A store to look at. */
export type Side = { read: StoreRead; list: StoreList };
export type SamplePorts = {
  /** `fits`: bytes that the runner reads in its time. */
  copy: Side & { name: string; fits: number };
  /** Undefined: it is gone, and the copy is held against its own signed manifests. */
  primary: Side | undefined;
  kind: Pick<Kind, "verified">;
  trusted: TrustedKeys;
  /** From 0 up to, but without, 1. */
  random(): number;
};
export type Failed = BackupId & { finding: Finding };
export type Sampled = {
  findings: Finding[];
  /** Whose copies they are. */
  failed: Failed[];
  /** Backups that count as read in the primary store and of which something does not stand in the copy: for a replay. */
  missing: BackupId[];
  /** What was looked at; undefined where there was nothing to look at. */
  looked?: { id: string; key: string; range: Range; against: "primary" | "signed digests" };
};

/**
 * Looks at one store's copies of a source: counts what is missing, and reads a random range of whole age chunks of one artifact there, which must be
 * the primary store's bytes; where the primary store has it no more, all of the artifact, which must have the signed digests. Backups before `since`
 * may have expired there by its own rules and are not missed. Throws what has fault "world".
 */
export async function sampleCopy(
  { source, since }: { source: string; since: Date },
  ports: SamplePorts,
  context: Context,
): Promise<Sampled> {
  const there = (await catalogue(ports.copy.list, source)).filter(isBackup);
  const here = ports.primary ? (await catalogue(ports.primary.list, source)).filter(isBackup) : [];
  const slots = new Set(there.map(({ slot }) => slot));
  const read = here.filter((entry) => wasRead(entry, ports));
  const absent = read.filter((entry) => entry.at >= since && !slots.has(entry.slot));
  const failed = absent.filter((entry) => wasCopied(entry, ports)).map((entry) => ({ ...named(entry), finding: gone(entry, ports) }));
  const chosen = pick(there, ports);
  const seen = chosen && (await lookOrFind(chosen, ports, context));
  if (seen && "finding" in seen) failed.push(seen);
  const lacking = [];
  for (const entry of read)
    if (slots.has(entry.slot) && (entry.slot === chosen?.slot || wasBad(entry, ports)) && (await lacks(entry, ports, context)))
      lacking.push(entry);
  return {
    findings: failed.map(({ finding }) => finding),
    failed,
    missing: [...absent, ...lacking].map(named),
    ...(seen && "key" in seen ? { looked: seen } : {}),
  };
}

const named = ({ source, slot }: BackupId): BackupId => ({ source, slot });

async function lookOrFind(at: BackupId, ports: SamplePorts, context: Context): Promise<Sampled["looked"] | Failed> {
  try {
    return await look(at, ports, context);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.fault !== "backup") throw error;
    context.signal.throwIfAborted(); // what was cut off looks broken to whoever read it
    return { ...named(at), finding: asFinding(error, "refuse") };
  }
}

/** Whether an artifact is not there, so that copying again puts it there. One with other bytes, or a manifest that nobody can believe, is no lack. */
async function lacks(at: BackupId, { copy, trusted }: SamplePorts, context: Context): Promise<boolean> {
  try {
    const { manifest } = await loadManifest(at, { store: copy.read, list: copy.list, trusted }, context.signal);
    const found = await slotObjects(manifest, copy.list);
    return manifest.artifacts.some(({ name, compressed }) => !found.has(artifactKey(manifest, name, compressed)));
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.fault !== "backup") throw error;
    context.signal.throwIfAborted();
    return false;
  }
}

const pick = <T>(items: readonly T[], { random }: SamplePorts): T | undefined => items[Math.floor(random() * items.length)];
const wasRead = (entry: Entry, { kind }: SamplePorts) => ["verified", "doubt"].includes(stateOf(entry, kind.verified));
const wasCopied = ({ evidence }: Entry, { copy }: SamplePorts) =>
  evidence.copied?.some((said) => said.verdict === "ok" && copiedTo(said) === copy.name) ?? false;
const wasBad = (entry: Entry, { copy }: SamplePorts) => copyVerdict(entry, copy.name) === "failed";
const gone = (at: BackupId, { copy }: SamplePorts): Finding => ({
  name: "copy-gone",
  severity: "refuse",
  message: `${backupId(at)} was copied to ${copy.name} and does not stand there any more`,
  hint: "Copy it again, and find out who could delete there: that store's log has the request.",
});

async function look(at: BackupId, ports: SamplePorts, context: Context): Promise<Sampled["looked"]> {
  const { copy, primary, trusted } = ports;
  const { manifest }: Loaded = await loadManifest(at, { store: copy.read, list: copy.list, trusted }, context.signal);
  const there = await slotObjects(manifest, copy.list);
  const here = primary ? await slotObjects(manifest, primary.list) : new Map<string, Stored>();
  const known = manifest.artifacts.map((artifact) => {
    const key = artifactKey(manifest, artifact.name, artifact.compressed);
    const found = there.get(key);
    if (!found) throw new ArtifactMissing(key);
    if (found.bytes !== artifact.bytes) throw new ArtifactTruncated(key, artifact.bytes, found.bytes);
    return { at: found, signed: signedOf(artifact), original: readable(here.get(key)) };
  });
  const one = pick(
    known.filter(({ at, original, signed }) => readable(at) && (original || signed.bytes <= copy.fits)),
    ports,
  );
  if (!one) return undefined;
  const looked = { id: backupId(at), key: one.at.key };
  if (primary && one.original) {
    const range = await againstOriginal(one.at, one.original, primary, ports, context);
    return { ...looked, range, against: "primary" };
  }
  await againstDigests(one.at, one.signed, ports, context);
  return { ...looked, range: { from: 0, to: one.signed.bytes }, against: "signed digests" };
}

/** What moved to an archive is not thawed for a sample. */
const readable = <T extends Stored>(object: T | undefined): T | undefined => (object?.access === "now" ? object : undefined);

async function againstOriginal(at: Ref & { bytes: number }, original: Ref, primary: Side, { copy, random }: SamplePorts, context: Context) {
  const range = await readPayloadRange(copy.read, at, random(), context.signal);
  const [one, other] = await Promise.all(
    [pinned(copy, at, range, context.signal), pinned(primary, original, range, context.signal)].map((bytes) =>
      whole(bytes, range.to - range.from),
    ),
  );
  context.progress(range.to - range.from);
  if (one && other && Buffer.compare(one, other) === 0) return range;
  throw new CopyDecayed(copy.name, at.key, `has other bytes from ${range.from} to ${range.to} than the primary store`);
}

async function againstDigests(at: Ref, signed: Piece, { copy }: SamplePorts, context: Context): Promise<void> {
  const digests = digesting(["sha256"]);
  for await (const chunk of pinned(copy, at, undefined, context.signal)) {
    digests.update(chunk);
    context.progress(chunk.length);
  }
  const compared = compareSums(digests.end(), signed);
  if (compared.is !== "equal") throw new CopyDecayed(copy.name, at.key, "does not have the digests that its manifest was signed with");
}
