import { BackupNotFound, BackupUnverified, ManifestInvalid } from "./backuperrors.ts";
import { type Entry, standingOf } from "./catalogue.ts";
import { evidenceLimit, readEvidence } from "./evidence.ts";
import { pathed } from "./issues.ts";
import { artifactKey, type BackupId, backupId, manifestKey, signatureKey, sourcePrefix } from "./layout.ts";
import { type Artifact, type Manifest, manifestDigest, manifestLimit, parseManifest, readManifest } from "./manifest.ts";
import type { Bytes } from "./ports/bytes.ts";
import type { Kind } from "./ports/kind.ts";
import type { Unseal } from "./ports/seal.ts";
import type { TrustedKeys } from "./ports/sign.ts";
import type { Opened } from "./ports/source.ts";
import type { Stored, StoreList, StoreRead } from "./ports/store.ts";

export type OpenPorts = { store: StoreRead; list: StoreList; unseal: Unseal; trusted: TrustedKeys };
export type ManifestPorts = Pick<OpenPorts, "store" | "list" | "trusted">;
export type Loaded = { manifest: Manifest; digest: string; version: string };

/**
 * Reads the manifest of one backup (a certain version of it, where given) and checks its signature before anything in it is believed.
 * Throws {@link BackupNotFound}, and the errors of {@link readManifest}.
 */
export async function loadManifest(
  at: BackupId & { version?: string | undefined },
  ports: ManifestPorts,
  signal: AbortSignal,
): Promise<Loaded> {
  const slot = await slotObjects(at, ports.list);
  const current = slot.get(manifestKey(at));
  const found =
    at.version === undefined || at.version === current?.version
      ? current
      : await ports.store.head({ key: manifestKey(at), version: at.version });
  if (!found) throw new BackupNotFound(`there is no backup ${backupId(at)}`, "List the backups of the source for those that stand.");
  if (found.bytes > manifestLimit)
    throw new ManifestInvalid(`the manifest of ${backupId(at)} has ${found.bytes} bytes, over the limit of ${manifestLimit}`);
  const bytes = await whole(ports.store.read(found, undefined, signal), manifestLimit);
  const signed = slot.get(signatureKey({ ...at, attempt: parseManifest(bytes).attempt }));
  const signature = signed && (await whole(ports.store.read(signed, undefined, signal), 1024));
  return { manifest: readManifest(bytes, signature, at, ports.trusted), digest: manifestDigest(bytes), version: found.version };
}

/**
 * What stands in one slot, by key. Presence is asked of a listing: to a role that may list certain prefixes only, S3 answers a missing
 * object with 403, which would look like a fault of the world.
 */
export async function slotObjects({ source, slot }: BackupId, list: StoreList): Promise<Map<string, Stored>> {
  const found = new Map<string, Stored>();
  for await (const object of list.list(`${sourcePrefix(source)}${slot}/`)) found.set(object.key, object);
  return found;
}

/** Small objects only: refuses to collect more than `limit`. */
export async function whole(bytes: Bytes, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > limit) throw new ManifestInvalid(`an object that should be small is over ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The kind's own part of a manifest. Throws {@link ManifestInvalid} where it is another kind's, or not what that kind writes. */
export function nativeOf<Native>(manifest: Manifest, kind: Pick<Kind<unknown, Native>, "name" | "native">): Native {
  const native = kind.native.safeParse(manifest.native);
  if (manifest.kind === kind.name && native.success) return native.data;
  throw new ManifestInvalid(
    `the manifest of ${backupId(manifest)} does not describe a backup of kind ${kind.name}: ${native.success ? manifest.kind : pathed(native.error).join("; ")}`,
  );
}

/** The backup as its kind sees it. `open` decrypts, decompresses and checks every digest of one artifact as it is read. */
export function openBackup<Native>(
  { manifest, digest }: Loaded,
  kind: Pick<Kind<unknown, Native>, "name" | "native">,
  ports: OpenPorts,
  signal: AbortSignal,
  seen?: (name: string) => void,
): Opened<Native> {
  const native = nativeOf(manifest, kind);
  const open = (name: string): Bytes => {
    const artifact = manifest.artifacts.find((a) => a.name === name);
    if (!artifact) throw new ManifestInvalid(`the backup ${backupId(manifest)} has no artifact ${name}`);
    return openArtifact(manifest, artifact, ports, signal, seen);
  };
  const artifacts = manifest.artifacts.map((a) => ({ name: a.name, plainBytes: a.plain.bytes }));
  return { backup: { source: manifest.source, slot: manifest.slot, manifestSha256: digest, artifacts, native }, open };
}

async function* openArtifact(
  manifest: Manifest,
  artifact: Artifact,
  ports: OpenPorts,
  signal: AbortSignal,
  seen?: (name: string) => void,
): Bytes {
  const body = ports.store.read({ key: artifactKey(manifest, artifact.name, artifact.compressed) }, undefined, signal);
  yield* ports.unseal.unseal(body, artifact, manifest);
  seen?.(artifact.name);
}

/**
 * Refuses a backup that its kind does not call verified. Evidence is opened and its signature checked: a name in a listing proves nothing
 * to somebody who may write names. Throws {@link BackupUnverified}.
 */
export async function requireVerified(
  entry: Entry,
  loaded: Loaded,
  kind: Pick<Kind, "verified">,
  ports: ManifestPorts,
  signal: AbortSignal,
): Promise<void> {
  const { state, restsOn } = standingOf(entry, kind.verified, loaded.digest);
  if (state !== "verified")
    throw new BackupUnverified(
      `the backup ${backupId(entry)} is ${stateWords[state]}`,
      state === "pruned"
        ? "Choose another one."
        : 'Choose a verified one, or say "unverified": true in the input to restore it all the same.',
    );
  for (const found of restsOn) {
    const evidence = readEvidence(
      await whole(ports.store.read({ key: found.key }, undefined, signal), evidenceLimit),
      found,
      ports.trusted,
    );
    if (evidence.manifest !== loaded.digest)
      throw new BackupUnverified(
        `the evidence of ${backupId(entry)} is about another manifest`,
        "Choose another backup, and have the store looked at.",
      );
  }
}
const stateWords = {
  doubt: "in doubt",
  failed: "known to be broken",
  unverified: "not verified",
  verified: "verified",
  pruned: "gone: retention deleted what it was made of",
};
