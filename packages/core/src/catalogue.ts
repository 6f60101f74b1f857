import {
  type BackupId,
  type EvidenceName,
  type EvidenceRef,
  evidenceNames,
  evidencePrefix,
  parseBackupKey,
  parseEvidenceKey,
  parseManifestKey,
  slotTime,
  sourcePrefix,
} from "./layout.ts";
import type { Proof } from "./ports/kind.ts";
import type { Stored, StoreList } from "./ports/store.ts";

export type FoundEvidence = EvidenceRef & { key: string; at: Date };
/** What a listing tells about one slot. Without a manifest there is no backup, only what an attempt left. */
export type Entry = BackupId & {
  at: Date;
  manifest: Stored | undefined;
  /** Everything else under the slot. */
  objects: Stored[];
  bytes: number;
  /** Newest first, of each proof. */
  evidence: Partial<Record<EvidenceName, FoundEvidence[]>>;
};
export type State = "verified" | "doubt" | "failed" | "unverified";

/**
 * The catalogue of one source is the listing: two prefixes of any one store, no state of our own. Sorted by slot, oldest first.
 * Names and times are the store's; digests stand in evidence keys and are compared when a manifest is opened.
 */
export async function catalogue(store: StoreList, source: string): Promise<Entry[]> {
  const entries = new Map<string, Entry>();
  const entry = (slot: string): Entry => {
    const found = entries.get(slot) ?? {
      source,
      slot,
      at: slotTime(slot) as Date,
      manifest: undefined,
      objects: [],
      bytes: 0,
      evidence: {},
    };
    entries.set(slot, found);
    return found;
  };
  for await (const object of store.list(sourcePrefix(source))) {
    const of = parseBackupKey(object.key);
    if (!of) continue;
    const found = entry(of.slot);
    found.bytes += object.bytes;
    if (parseManifestKey(object.key)) found.manifest = object;
    else found.objects.push(object);
  }
  for (const proof of evidenceNames)
    for await (const object of store.list(evidencePrefix(proof, source))) {
      const ref = parseEvidenceKey(object.key);
      const found = ref && entries.get(ref.slot);
      if (ref && found) (found.evidence[proof] ??= []).push({ ...ref, key: object.key, at: object.at });
    }
  for (const found of entries.values())
    for (const list of Object.values(found.evidence)) list?.sort((a, b) => b.at.getTime() - a.at.getTime());
  return [...entries.values()].sort((a, b) => (a.slot < b.slot ? -1 : 1));
}

/**
 * How a backup stands, by the newest verdict of each proof that its kind asks for. A doubt that a person accepted (for the same manifest)
 * counts as verified. With `digest` only evidence of that manifest counts.
 */
export function stateOf(entry: Entry, verified: readonly Proof[], digest?: string): State {
  const counts = (found: FoundEvidence) => digest === undefined || digest.startsWith(found.digest8);
  const newest = verified.map((proof) => entry.evidence[proof]?.find(counts));
  if (newest.some((found) => found?.verdict === "failed")) return "failed";
  if (newest.some((found) => found === undefined)) return "unverified";
  const accepted = entry.evidence.accepted?.filter(counts).map((found) => found.digest8) ?? [];
  return newest.every((found) => found && (found.verdict === "ok" || accepted.includes(found.digest8))) ? "verified" : "doubt";
}

export const isBackup = (entry: Entry): entry is Entry & { manifest: Stored } => entry.manifest !== undefined;
