import { evidenceLimit } from "../evidence.ts";
import { type BackupId, type EvidenceRef, evidenceNames, evidencePrefix, parseEvidenceKey } from "../layout.ts";
import { whole } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import type { Ref, Stored, StoreList } from "../ports/store.ts";
import { once } from "../record.ts";
import { digestsOf } from "./digests.ts";
import { type Origins, pinned } from "./pinned.ts";
import { type Destination, type Origin, proveStored } from "./prove.ts";
import { createOrFind } from "./stream.ts";

/**
 * Copies a small object byte for byte. One that stands there must be the same. Says which it was.
 * Throws {@link CopyDiffers}, {@link CopyCorrupted}, {@link SourceGone}.
 */
export async function bringObject({ key, version }: Ref, from: Origins, to: Destination, context: Context): Promise<Origin> {
  return placeObject(key, await whole(pinned(from, { key, version }, undefined, context.signal), evidenceLimit), to, context);
}

/** Looks first: of stores that speak S3, some take no notice of If-None-Match, and what an earlier run made would be written over. */
export async function placeObject(key: string, bytes: Uint8Array, to: Destination, context: Context): Promise<Origin> {
  const found = await to.read.head({ key });
  const { object, origin } = found
    ? { object: found, origin: "found" as const }
    : await createOrFind(key, once(bytes), bytes.length, to, context);
  await proveStored(object, digestsOf(bytes), origin, { ...to, fits: bytes.length }, context);
  return origin;
}

export type EvidenceObject = Stored & { ref: EvidenceRef };
/** All evidence about one manifest (by its digest) of a backup. */
export async function evidenceAbout({ source, slot }: BackupId, digest: string, list: StoreList): Promise<EvidenceObject[]> {
  const found: EvidenceObject[] = [];
  for (const proof of evidenceNames)
    for await (const object of list.list(`${evidencePrefix(proof, source)}${slot}/`)) {
      const ref = parseEvidenceKey(object.key);
      if (ref && digest.startsWith(ref.digest8)) found.push({ ...object, ref });
    }
  return found;
}

/** Brings along what was found out about a backup, also later. Returns the keys of what was not there before. */
export async function bringEvidence(at: BackupId, digest: string, from: Origins, to: Destination, context: Context): Promise<string[]> {
  const brought: string[] = [];
  for (const found of await evidenceAbout(at, digest, from.list))
    if ((await bringObject(found, from, to, context)) === "made") brought.push(found.key);
  return brought;
}
