import { ArtifactMissing, ArtifactTruncated, BackupUnverified } from "../backuperrors.ts";
import { type Entry, type FoundEvidence, standingOf } from "../catalogue.ts";
import { type CopyVerdict, copyVerdict } from "../copies.ts";
import { evidenceLimit, readEvidence } from "../evidence.ts";
import { artifactKey, type BackupId, backupId, slotTime } from "../layout.ts";
import type { Manifest } from "../manifest.ts";
import { copyPart, copyRange } from "../margins.ts";
import { type Loaded, loadManifest, slotObjects, whole } from "../opened.ts";
import type { Kind } from "../ports/kind.ts";
import type { Sign, TrustedKeys } from "../ports/sign.ts";
import type { StoreCreate, Stored, StoreList, StoreRead } from "../ports/store.ts";
import { evidenceAbout } from "./bring.ts";
import { type CopyLimits, type CopyPlan, planCopy, type Sourced } from "./plancopy.ts";
import { type Destination, signedOf } from "./prove.ts";

/** Where copies come from. `create` is for evidence alone. `trusted`: keys that sign manifests and evidence. */
export type CopyPorts = {
  from: { read: StoreRead; list: StoreList; create: StoreCreate };
  to: Destination;
  kind: Pick<Kind, "verified">;
  sign: Sign;
  trusted: TrustedKeys;
};
/** `known`: what evidence says of its copy in the store that it goes to. `entry`: its evidence alone. */
export type Readable = Loaded & { known: CopyVerdict; entry: Entry };
/** The manifest, believed, of a backup that was read. Throws what {@link loadManifest} throws, and {@link BackupUnverified}. */
export async function loadReadable(at: BackupId, ports: CopyPorts, signal: AbortSignal): Promise<Readable> {
  const { from, to, trusted } = ports;
  const loaded = await loadManifest(at, { store: from.read, list: from.list, trusted }, signal);
  const entry = entryOf(at, await evidenceAbout(at, loaded.digest, from.list));
  const known = copyVerdict(entry, to.name);
  if (known !== "ok") await requireRead(loaded, entry, ports, signal);
  return { ...loaded, known, entry };
}

function entryOf(at: BackupId, found: Awaited<ReturnType<typeof evidenceAbout>>): Entry {
  const evidence: Entry["evidence"] = {};
  for (const { key, at: date, ref } of found.toSorted((a, b) => b.at.getTime() - a.at.getTime())) {
    const one: FoundEvidence = { ...ref, key, at: date };
    evidence[ref.proof] = [...(evidence[ref.proof] ?? []), one];
  }
  return { ...at, at: slotTime(at.slot) ?? new Date(0), manifest: undefined, objects: [], bytes: 0, evidence };
}

/** A backup in doubt is copied too: it is whole, and maybe the last of its source. */
async function requireRead(
  { manifest, digest }: Loaded,
  entry: Entry,
  { from, kind, trusted }: CopyPorts,
  signal: AbortSignal,
): Promise<void> {
  const { state, restsOn } = standingOf(entry, kind.verified, digest);
  const refused = (what: string) =>
    new BackupUnverified(
      `${backupId(manifest)} ${what}`,
      "Only what was read is copied. Its verification comes first, and then asks for the copy.",
    );
  if (state !== "verified" && state !== "doubt") throw refused(`is ${state}`);
  for (const found of restsOn) {
    const evidence = readEvidence(await whole(from.read.read({ key: found.key }, undefined, signal), evidenceLimit), found, trusted);
    if (evidence.manifest !== digest) throw refused("was read with another manifest");
  }
}

/** Looks at both sides and changes nothing. Throws {@link ArtifactMissing}, {@link ArtifactTruncated}, and the first thing that its plan refuses. */
export async function surveyArtifacts({ manifest }: Loaded, { from, to }: CopyPorts): Promise<CopyPlan> {
  const artifacts = sourced(manifest, await slotObjects(manifest, from.list));
  const plan = planCopy(to.name, artifacts, await standingAt(to, artifacts, manifest), limitsOf(to));
  for (const step of plan.steps) if (step.do === "refuse") throw step.error;
  return plan;
}

export const limitsOf = ({ ranges: { limits }, fits, range = copyRange, part = copyPart }: Destination): CopyLimits => {
  return { limits, fits, range, part };
};

/** Pins each artifact to the version that stands there now. */
function sourced(manifest: Manifest, slot: ReadonlyMap<string, Stored>): Sourced[] {
  return manifest.artifacts.map((artifact) => {
    const key = artifactKey(manifest, artifact.name, artifact.compressed);
    const found = slot.get(key);
    if (!found) throw new ArtifactMissing(key);
    if (found.bytes !== artifact.bytes) throw new ArtifactTruncated(key, artifact.bytes, found.bytes);
    return { source: { key, version: found.version }, signed: signedOf(artifact) };
  });
}

/** What the destination holds of them, with the sums that only head tells. */
export async function standingAt({ read, list }: Destination, artifacts: readonly Sourced[], at: BackupId): Promise<Map<string, Stored>> {
  const listed = await slotObjects(at, list);
  const standing = new Map<string, Stored>();
  for (const { source } of artifacts) {
    const found = listed.get(source.key);
    if (found) standing.set(source.key, (await read.head({ key: source.key })) ?? found);
  }
  return standing;
}
