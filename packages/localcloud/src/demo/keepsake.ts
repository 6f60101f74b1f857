import { mkdir, open, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  backupId,
  evidenceNames,
  evidencePrefix,
  publicKeyKey,
  sourcePrefix,
  type Store,
  type Stored,
  type TrustedKeys,
} from "@holdfast/core";
import type { Made } from "./scheduled.ts";

/**
 * Copies one backup with its evidence and the public keys out of the bucket, as it lies there. When the local AWS has ended, this and the
 * offline key are what somebody has whose AWS account is gone.
 */
export async function keepBackup(
  folder: string,
  { entry, loaded }: Pick<Made, "entry" | "loaded">,
  store: Store,
  trusted: TrustedKeys,
): Promise<void> {
  const { source, slot } = entry;
  const prefixes = [`${sourcePrefix(source)}${slot}/`, ...evidenceNames.map((proof) => `${evidencePrefix(proof, source)}${slot}/`)];
  for (const prefix of prefixes) for await (const object of store.list.list(prefix)) await copy(object, store, folder);
  const { signedBy } = loaded.manifest;
  await writeFile(await placeFor(publicKeyKey(signedBy), folder), trusted[signedBy] ?? "");
}

/** Where an artifact of it lies then, from the demo's folder. */
export const keptAt = ({ entry, loaded }: Made, artifact: string): string =>
  `store/backups/${backupId(entry)}/${loaded.manifest.attempt}/${artifact}.age`;

async function copy({ key, version }: Stored, store: Store, folder: string): Promise<void> {
  const file = await open(await placeFor(key, folder), "wx", 0o600);
  try {
    for await (const chunk of store.read.read({ key, version })) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

async function placeFor(key: string, folder: string): Promise<string> {
  const file = path.join(folder, key);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  return file;
}
