import { createHash, createPublicKey, type KeyObject, verify as verifyWith } from "node:crypto";
import { z } from "zod";
import { BackupForged, ManifestInvalid, ManifestTooLarge } from "./backuperrors.ts";
import { pathed } from "./issues.ts";
import { artifactFile, type BackupId, slotSchema } from "./layout.ts";
import type { TrustedKeys } from "./ports/sign.ts";

/** A manifest is read whole into memory and travels in events' shadows: 64 KiB holds hundreds of artifacts. */
export const manifestLimit = 65_536;
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const count = z.int().min(0);

/** A name becomes part of a key, and a file on the disk of whoever fetches it: it must not lead elsewhere. */
const artifactName = z.string().regex(/^[^./\\\p{Cc}][^/\\\p{Cc}]{0,254}$/u, "is no plain file name");

export const artifactSchema = z.strictObject({
  name: artifactName,
  compressed: z.boolean(),
  bytes: count,
  sha256: hex(64),
  crc32c: hex(8),
  crc64nvme: hex(16),
  plain: z.strictObject({ bytes: count, sha256: hex(64) }),
});
export type Artifact = z.infer<typeof artifactSchema>;
const artifacts = z.array(artifactSchema).superRefine((all, check) => {
  const files = all.map(({ name, compressed }) => artifactFile(name, compressed));
  for (const [i, file] of files.entries())
    if (files.indexOf(file) < i) check.addIssue({ code: "custom", path: [i, "name"], message: `${file} is there twice` });
});

export const manifestSchema = z.strictObject({
  format: z.literal("holdfast-manifest/1"),
  source: z.string(),
  kind: z.string(),
  slot: slotSchema,
  attempt: z.string().regex(/^[a-z0-9]{8,32}$/),
  trigger: z.enum(["schedule", "replay", "manual"]),
  started: z.iso.datetime(),
  finished: z.iso.datetime(),
  holdfast: z.string(),
  recipients: z.array(z.string()),
  signedBy: z.string(),
  artifacts,
  findings: z.array(z.strictObject({ name: z.string(), severity: z.enum(["doubt", "note"]), message: z.string(), hint: z.string() })),
  native: z.unknown(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The exact bytes that are stored and signed. Throws {@link ManifestTooLarge} over the limit. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const bytes = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
  if (bytes.length > manifestLimit) throw new ManifestTooLarge(manifest.source, bytes.length, manifestLimit);
  return bytes;
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
export const manifestDigest = (bytes: Uint8Array): string => sha256(bytes).toString("hex");

/**
 * Parses a manifest that was found under the key of `at`. Nothing of it is believed before its signature holds.
 * Throws {@link ManifestInvalid} (malformed, or of another backup than its key says) and {@link BackupForged} (unknown key, wrong signature).
 */
export function readManifest(bytes: Uint8Array, signature: Uint8Array | undefined, at: BackupId, trusted: TrustedKeys): Manifest {
  const manifest = parseManifest(bytes);
  if (manifest.source !== at.source || manifest.slot !== at.slot)
    throw new ManifestInvalid(`the manifest of ${at.source}/${at.slot} says that it belongs to ${manifest.source}/${manifest.slot}`);
  checkSignature(bytes, signature, manifest.signedBy, trusted, `the manifest of ${at.source}/${at.slot}`);
  return manifest;
}

/** Shape only: for finding the attempt, before the signature (which lies in the attempt) can be read. */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > manifestLimit) throw new ManifestInvalid(`a manifest of ${bytes.length} bytes is over the limit of ${manifestLimit}`);
  const parsed = manifestSchema.safeParse(parseJson(bytes));
  if (!parsed.success) throw new ManifestInvalid(`the manifest is malformed: ${pathed(parsed.error).join("; ")}`, { cause: parsed.error });
  return parsed.data;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ManifestInvalid("the manifest is not JSON", { cause });
  }
}

/** ECDSA P-256 with SHA-256 over `bytes`, DER signature. Throws {@link BackupForged}. */
export function checkSignature(
  bytes: Uint8Array,
  signature: Uint8Array | undefined,
  keyId: string,
  trusted: TrustedKeys,
  what: string,
): void {
  const pem = Object.hasOwn(trusted, keyId) ? trusted[keyId] : undefined;
  if (pem === undefined) throw new BackupForged(`${what} is signed by key ${keyId}, which the plan does not trust`, { untrusted: keyId });
  if (!signature) throw new BackupForged(`${what} has no signature`);
  if (!verifyWith("sha256", bytes, publicKeyOf(pem), signature)) throw new BackupForged(`the signature of ${what} does not hold`);
}

const parsedKeys = new Map<string, KeyObject>();
/** A reader trusts a few keys and checks thousands of signatures with them. */
function publicKeyOf(pem: string): KeyObject {
  const key = parsedKeys.get(pem) ?? createPublicKey(pem);
  parsedKeys.set(pem, key);
  return key;
}

/** The id under which a public key is listed: first 16 hexadecimal digits of the SHA-256 of its DER (SubjectPublicKeyInfo). */
export const keyIdOf = (pem: string): string =>
  sha256(createPublicKey(pem).export({ type: "spki", format: "der" }))
    .toString("hex")
    .slice(0, 16);
