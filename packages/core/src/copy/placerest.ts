import { ManifestInvalid } from "../backuperrors.ts";
import { artifactKey, backupId, manifestKey, publicKeyKey, signatureKey } from "../layout.ts";
import { type Manifest, manifestDigest, manifestLimit } from "../manifest.ts";
import { type Loaded, slotObjects, whole } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import type { Stored } from "../ports/store.ts";
import { bringObject, bringEvidence, placeObject } from "./bring.ts";
import { CopyIncomplete, SourceGone } from "./errors.ts";
import { pinned } from "./pinned.ts";
import { proveStored, signedOf } from "./prove.ts";
import type { CopyPorts } from "./survey.ts";

/**
 * All that follows the artifacts, the manifest last, and only after a new listing shows each artifact with its size and none with other sums
 * than the signed ones. `proofs`, by key, count where the store tells no sums. Returns what proves each artifact, by key.
 */
export async function placeRest(
  loaded: Loaded,
  proofs: Readonly<Record<string, string>>,
  ports: CopyPorts,
  context: Context,
): Promise<Record<string, string>> {
  const { from, to } = ports;
  await placeKeys(ports, context);
  await bringObject(await signatureOf(loaded.manifest, ports), from, to, context);
  await bringEvidence(loaded.manifest, loaded.digest, from, to, context);
  const proven = await requireWhole(loaded.manifest, proofs, ports, context);
  context.signal.throwIfAborted();
  await placeObject(manifestKey(loaded.manifest), await manifestBytes(loaded, ports, context), to, context);
  return proven;
}

/** Those that stand in the first store, and those that signed what is copied, in case it has not got them yet: a copy serves without it. */
export async function placeKeys({ from, to, trusted }: CopyPorts, context: Context): Promise<void> {
  const found = new Set<string>();
  for await (const object of from.list.list(keysPrefix)) {
    if (!isKey(object.key)) continue;
    await bringObject(object, from, to, context);
    found.add(object.key);
  }
  for (const [id, pem] of Object.entries(trusted))
    if (!found.has(publicKeyKey(id))) await placeObject(publicKeyKey(id), Buffer.from(pem), to, context);
}

export const keysPrefix = "keys/";
export const isKey = (key: string) => key === publicKeyKey(key.slice(keysPrefix.length, -4)) && !key.slice(keysPrefix.length).includes("/");

async function signatureOf(manifest: Manifest, { from }: CopyPorts): Promise<Stored> {
  const key = signatureKey(manifest);
  const found = (await slotObjects(manifest, from.list)).get(key);
  if (!found) throw new SourceGone(key, false);
  return found;
}

async function requireWhole(
  manifest: Manifest,
  proofs: Readonly<Record<string, string>>,
  { to }: CopyPorts,
  context: Context,
): Promise<Record<string, string>> {
  const there = await slotObjects(manifest, to.list);
  const proven: Record<string, string> = {};
  for (const artifact of manifest.artifacts) {
    const key = artifactKey(manifest, artifact.name, artifact.compressed);
    const found = there.get(key);
    if (!found) throw new CopyIncomplete(to.name, key, "is not there");
    const stored = await proveStored(found, signedOf(artifact), "found", to, context, proofs[key]);
    proven[key] = proofs[key] ?? stored;
  }
  if (!there.has(signatureKey(manifest))) throw new CopyIncomplete(to.name, signatureKey(manifest), "is not there");
  return proven;
}

/** The version that was checked, byte for byte. */
async function manifestBytes({ manifest, digest, version }: Loaded, { from }: CopyPorts, context: Context): Promise<Uint8Array> {
  const bytes = await whole(pinned(from, { key: manifestKey(manifest), version }, undefined, context.signal), manifestLimit);
  if (manifestDigest(bytes) === digest) return bytes;
  throw new ManifestInvalid(`the manifest of ${backupId(manifest)} changed while it was copied`);
}
