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
  type Verdict,
} from "./layout.ts";
import { type Proof, proofs } from "./ports/kind.ts";
import type { Stored, StoreList } from "./ports/store.ts";

export type FoundEvidence = EvidenceRef & { key: string; at: Date };
/** What a listing tells about one slot. Without a manifest there is no backup, only what an attempt left, or the evidence that it is lost. */
export type Entry = BackupId & {
  at: Date;
  manifest: Stored | undefined;
  /** Everything else under the slot. */
  objects: Stored[];
  bytes: number;
  /** Newest first, of each proof; of those that the store dates alike, the worst verdict first. */
  evidence: Partial<Record<EvidenceName, FoundEvidence[]>>;
};
/** `pruned`: retention deleted at the source's own service what its manifest names. */
export type State = "verified" | "doubt" | "failed" | "unverified" | "pruned";

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
      const found = ref && (proof === "lost" ? entry(ref.slot) : entries.get(ref.slot));
      if (ref && found) found.evidence[proof] = [...(found.evidence[proof] ?? []), { ...ref, key: object.key, at: object.at }];
    }
  for (const found of entries.values())
    for (const list of Object.values(found.evidence)) list?.sort((a, b) => b.at.getTime() - a.at.getTime() || worseFirst(a, b));
  return [...entries.values()].sort((a, b) => (a.slot < b.slot ? -1 : 1));
}

/**
 * How a backup stands, by the newest verdict of each proof that its kind asks for. A proof stands for those below it on the ladder, so
 * `readable` serves a kind that also asks for `present`. A doubt counts as verified once a person accepted it (for the same manifest); a
 * restore does not clear it, because an emptied database restores perfectly. A failed restore breaks a backup that could be read.
 * Of two verdicts of one run (the same event, taken up twice at once) the worse one counts. With `digest` only evidence of that manifest counts.
 */
export const stateOf = (entry: Entry, verified: readonly Proof[], digest?: string): State => standingOf(entry, verified, digest).state;

/** The state, and each piece of evidence that it rests on: what a reader who trusts no listing opens and checks. */
export function standingOf(entry: Entry, verified: readonly Proof[], digest?: string): { state: State; restsOn: FoundEvidence[] } {
  const newest = (proof: EvidenceName) => {
    const about = entry.evidence[proof]?.filter((found) => digest === undefined || digest.startsWith(found.digest8));
    const [first] = about ?? [];
    return about?.filter((found) => found.run === first?.run && found.digest8 === first.digest8).toSorted(worseFirst)[0];
  };
  const pruned = newest("pruned");
  if (pruned?.verdict === "ok") return { state: "pruned", restsOn: [pruned] };
  const found = verified.map((proof) => firstOf(atOrAbove(proof), newest));
  const accepted = newest("accepted");
  const doubts = found.filter((evidence) => evidence?.verdict === "doubt");
  const settled = doubts.every((evidence) => accepted?.verdict === "ok" && evidence?.digest8 === accepted.digest8);
  const restsOn = [...new Set([...found, ...(doubts.length > 0 ? [accepted] : [])])].filter((evidence) => evidence !== undefined);
  if (found.some((evidence) => evidence?.verdict === "failed") || newest("restored")?.verdict === "failed")
    return { state: "failed", restsOn };
  if (found.length === 0 || found.includes(undefined)) return { state: "unverified", restsOn };
  return { state: settled ? "verified" : "doubt", restsOn };
}

const weights: Record<Verdict, number> = { failed: 0, doubt: 1, ok: 2 };
const worseFirst = (a: FoundEvidence, b: FoundEvidence) => weights[a.verdict] - weights[b.verdict];

/** The proof itself first, then those that include it; `copied` is about another store and includes nothing. */
const atOrAbove = (proof: Proof): readonly Proof[] =>
  proof === "copied" ? [proof] : proofs.slice(proofs.indexOf(proof)).filter((p) => p !== "copied");

function firstOf<A, B>(items: readonly A[], find: (item: A) => B | undefined): B | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const isBackup = (entry: Entry): entry is Entry & { manifest: Stored } => entry.manifest !== undefined;
