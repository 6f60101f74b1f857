import { z } from "zod";
import { type Proof, proofs } from "./ports/kind.ts";

/** A slot as it stands in keys: the scheduled moment in UTC, ISO 8601 basic form, `20261121T020000Z`. Sorts as time does. */
export const slotId = (at: Date): string => `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
const slotPattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
/** Undefined where the text is no slot. */
export function slotTime(id: string): Date | undefined {
  const m = slotPattern.exec(id);
  if (!m) return undefined;
  const at = new Date(`${m[1]}-${m[2]}-${m[3]}T${m[4]}:${m[5]}:${m[6]}Z`);
  // The 31st of February parses as a day of March. Listings ask for each key, so nothing is formatted here.
  return at.getUTCDate() === Number(m[3]) && at.getUTCHours() === Number(m[4]) ? at : undefined;
}
export const slotSchema = z.string().refine((id) => slotTime(id) !== undefined, "a slot looks like 20261121T020000Z");

export type BackupId = { source: string; slot: string };
/** How people write a backup: `shop/20261121T020000Z`. */
export const backupId = ({ source, slot }: BackupId): string => `${source}/${slot}`;

export const sourcePrefix = (source: string): string => `backups/${source}/`;
export const slotPrefix = ({ source, slot }: BackupId): string => `backups/${source}/${slot}/`;
export const manifestKey = (of: BackupId): string => `${slotPrefix(of)}manifest.json`;
export const attemptPrefix = (of: BackupId & { attempt: string }): string => `${slotPrefix(of)}${of.attempt}/`;
export const signatureKey = (of: BackupId & { attempt: string }): string => `${attemptPrefix(of)}manifest.sig`;
/** Stands from when a slot was begun that is finished later, so that its end without a backup is no silence. Nobody reads what is in it. */
export const begunKey = (of: BackupId & { attempt: string }): string => `${attemptPrefix(of)}begun.json`;
export const artifactFile = (name: string, compressed: boolean): string => `${name}${compressed ? ".zst" : ""}.age`;
export const artifactKey = (of: BackupId & { attempt: string }, name: string, compressed: boolean): string =>
  attemptPrefix(of) + artifactFile(name, compressed);
export const isArtifactKey = (key: string): boolean => parseBackupKey(key)?.attempt !== undefined && key.endsWith(".age");
export const isBegunKey = (key: string): boolean => parseBackupKey(key)?.attempt !== undefined && key.endsWith("/begun.json");
export const publicKeyKey = (keyId: string): string => `keys/${keyId}.pem`;

/** Undefined where the key is not a manifest's. */
export function parseManifestKey(key: string): BackupId | undefined {
  const [, source, slot] = /^backups\/([^/]+)\/([^/]+)\/manifest\.json$/.exec(key) ?? [];
  return source && slot && slotTime(slot) ? { source, slot } : undefined;
}
/** The backup, and the attempt where the key lies in one. */
export function parseBackupKey(key: string): (BackupId & { attempt?: string }) | undefined {
  const [, source, slot, rest = ""] = /^backups\/([^/]+)\/([^/]+)\/(.+)$/s.exec(key) ?? [];
  if (!source || !slot || !slotTime(slot)) return undefined;
  const slash = rest.indexOf("/");
  return slash > 0 ? { source, slot, attempt: rest.slice(0, slash) } : { source, slot };
}

export type Verdict = "ok" | "doubt" | "failed";
/**
 * Who is proof of what: verify and drill write proofs, a person writes `accepted`. What stands at a source's own service has more: `replicated` says
 * that it was copied there, `pruned` that retention deleted it there, and `lost` that a slot ended without a backup; that one has no manifest.
 */
export type EvidenceName = Proof | "accepted" | "replicated" | "pruned" | "lost";
export const evidenceNames: readonly EvidenceName[] = [...proofs, "accepted", "replicated", "pruned", "lost"];
/** Stands for the digest of a manifest where there is none. */
export const noManifest = "0".repeat(64);
export type EvidenceRef = BackupId & { proof: EvidenceName; verdict: Verdict; digest8: string; run: string };

/** Characters that a run may have in a key; others are replaced, so that one run always finds the same key. */
const runSafe = (run: string) => run.replaceAll(/[^A-Za-z0-9_-]/g, "-").slice(0, 64) || "none";
export const evidencePrefix = (proof: EvidenceName, source: string): string => `evidence/${proof}/${source}/`;
export const evidenceKey = (of: EvidenceRef): string =>
  `${evidencePrefix(of.proof, of.source)}${of.slot}/${of.verdict}.${of.digest8}.${runSafe(of.run)}.json`;
export function parseEvidenceKey(key: string): EvidenceRef | undefined {
  const m = /^evidence\/([a-z]+)\/([^/]+)\/([^/]+)\/(ok|doubt|failed)\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)\.json$/.exec(key);
  const [, proof, source, slot, verdict, digest8, run] = m ?? [];
  if (!source || !slot || !digest8 || !run || !slotTime(slot)) return undefined;
  if (!evidenceNames.includes(proof as EvidenceName)) return undefined;
  return { proof: proof as EvidenceName, source, slot, verdict: verdict as Verdict, digest8, run };
}
