import { asFinding } from "../asfinding.ts";
import { ArtifactMissing, ArtifactTruncated } from "../backuperrors.ts";
import { artifactKey, type BackupId, backupId } from "../layout.ts";
import type { Manifest } from "../manifest.ts";
import { loadManifest, slotObjects } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import { KeyUnavailable, NotDecryptable } from "../ports/errors.ts";
import type { Finding } from "../ports/finding.ts";
import type { Owner, UnsealRange } from "../ports/seal.ts";
import type { TrustedKeys } from "../ports/sign.ts";
import type { Range, Stored } from "../ports/store.ts";
import type { Piece } from "./combine.ts";
import { CopyDecayed } from "./errors.ts";
import { type Excerpt, excerptOf, sameIn, takenWhole } from "./excerpt.ts";
import type { Origins } from "./pinned.ts";
import { compareSums, signedOf } from "./prove.ts";

export type SamplePorts = {
  /** `fits`: bytes that the runner reads in its time. */
  copy: Origins & { name: string; fits: number };
  /** Undefined: it is gone. */
  primary: Origins | undefined;
  /** Undefined: nobody here may open anything. */
  opens?: UnsealRange | undefined;
  trusted: TrustedKeys;
  /** From 0 up to, but without, 1. */
  random(): number;
};
/** `age`: its chunks opened, so they are what was sealed · `primary`: the same bytes as there · `signed digests`: all of it was read. */
export type Against = "age" | "primary" | "signed digests";
/** What was read of a copy, and what that was proven by. `differs`: the copy is good, and the first store's bytes are others. */
export type Looked = { id: string; key: string; range: Range; against: readonly Against[]; differs?: "primary" };
export type Seen = { looked?: Looked; notes: Finding[] };
/** `original`: where the first store can be read at once. */
type Known = { at: Stored; signed: Piece; original: Stored | undefined };

/**
 * Reads some whole age chunks at a random place of one artifact of a copy. Its key opens them, so that they prove themselves whatever stands in the
 * first store, and whatever the artifact's size; and they are the first store's bytes, where that can be read at once. What can neither be opened
 * nor compared is read whole, where it fits; else a note says that nothing was proven.
 *
 * Throws what {@link loadManifest} throws, {@link ArtifactMissing}, {@link ArtifactTruncated}, {@link CopyDecayed}, and faults of the world.
 */
export async function look(at: BackupId, ports: SamplePorts, context: Context): Promise<Seen> {
  const { copy, opens, trusted } = ports;
  const { manifest } = await loadManifest(at, { store: copy.read, list: copy.list, trusted }, context.signal);
  const near = (await knownOf(manifest, ports)).filter((one) => one.at.access === "now");
  const provable = near.filter((one) => isProvable(one, ports));
  const first = pick(opens ? near : provable, ports);
  if (!first) return { notes: [unproven(at, ports)] };
  const seen = await lookAt(first, manifest, ports, context);
  const other = seen.looked ? undefined : pick(provable, ports);
  return other ? await lookAt(other, manifest, ports, context) : seen;
}

export const pick = <T>(items: readonly T[], { random }: Pick<SamplePorts, "random">): T | undefined =>
  items[Math.floor(random() * items.length)];
const isProvable = ({ original, signed }: Known, { copy }: SamplePorts) => original !== undefined || signed.bytes <= copy.fits;

/** Throws {@link ArtifactMissing}, {@link ArtifactTruncated}. */
async function knownOf(manifest: Manifest, { copy, primary }: SamplePorts): Promise<Known[]> {
  const there = await slotObjects(manifest, copy.list);
  const here = primary ? await slotObjects(manifest, primary.list) : new Map<string, Stored>();
  return manifest.artifacts.map((artifact) => {
    const key = artifactKey(manifest, artifact.name, artifact.compressed);
    const [at, original] = [there.get(key), here.get(key)];
    if (!at) throw new ArtifactMissing(key);
    if (at.bytes !== artifact.bytes) throw new ArtifactTruncated(key, artifact.bytes, at.bytes);
    return { at, signed: signedOf(artifact), original: original?.access === "now" ? original : undefined };
  });
}

async function lookAt(one: Known, owner: Owner & BackupId, ports: SamplePorts, context: Context): Promise<Seen> {
  const { copy, primary, opens, random } = ports;
  const excerpt = await excerptOf(one.at, copy, random(), context);
  const unopened = opens && (await openOrSay(excerpt, owner, { copy, opens }));
  const opened = opens !== undefined && unopened === undefined;
  const same = primary && one.original && (await sameIn(primary, one.original, excerpt, context));
  if (same === false && !opened) throw new CopyDecayed(copy.name, one.at.key, `has other bytes ${said(excerpt)} than the primary store`);
  const against: Against[] = [...(opened ? ["age" as const] : []), ...(same ? ["primary" as const] : [])];
  const looked = { id: backupId(owner), key: one.at.key, range: excerpt.range, against };
  const notes = unopened ? [asFinding(unopened, "note")] : [];
  if (against.length > 0) return { looked: { ...looked, ...(same === false ? { differs: "primary" } : {}) }, notes };
  if (one.signed.bytes > copy.fits) return { notes: [...notes, unproven(owner, ports)] };
  await requireDigests(one, copy, context);
  return { looked: { ...looked, range: { from: 0, to: one.signed.bytes }, against: ["signed digests"] }, notes };
}

const said = ({ range }: Excerpt) => `from ${range.from} to ${range.to}`;

/** Why the key could not be had, which says nothing about the copy. Throws {@link CopyDecayed}. */
async function openOrSay(
  excerpt: Excerpt,
  owner: Owner,
  { copy, opens }: { copy: SamplePorts["copy"]; opens: UnsealRange },
): Promise<KeyUnavailable | undefined> {
  try {
    await opens.authenticate(excerpt.file, excerpt.range, owner);
    return undefined;
  } catch (cause) {
    if (cause instanceof KeyUnavailable) return cause;
    if (!(cause instanceof NotDecryptable)) throw cause;
    throw new CopyDecayed(copy.name, excerpt.key, `is not what was sealed, ${said(excerpt)} or at its ends: ${cause.message}`, { cause });
  }
}

async function requireDigests({ at, signed }: Known, copy: SamplePorts["copy"], context: Context): Promise<void> {
  if (compareSums(await takenWhole(at, copy, context), signed).is !== "equal")
    throw new CopyDecayed(copy.name, at.key, "does not have the digests that its manifest was signed with");
}

const unproven = (at: BackupId, { copy }: SamplePorts): Finding => ({
  name: "copy-unproven",
  severity: "note",
  message: `nothing of ${backupId(at)} in ${copy.name} could be proven: what stands there is archived, or its key and the first store's bytes cannot be had now`,
  hint: "Others are looked at on other days. Where it stays so, see that the function may decrypt; holdfast verify with an offline key reads all of it.",
});
