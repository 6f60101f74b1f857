import type { Bytes } from "../ports/bytes.ts";
import { ObjectMissing, StoreDenied } from "../ports/errors.ts";
import type { Range, Ref, StoreList, StoreRead } from "../ports/store.ts";
import { SourceGone } from "./errors.ts";

/** Where bytes come from. */
export type Origins = { read: StoreRead; list: StoreList };

/**
 * The bytes of one version. Throws {@link SourceGone} where it does not exist any more, also when another one stands under its key. That is asked of
 * the listing: a role that reads versions may neither read what has none, nor be told of a missing one otherwise than by 403
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, Permissions).
 */
export async function* pinned({ read, list }: Origins, { key, version }: Ref, range: Range | undefined, signal: AbortSignal): Bytes {
  try {
    yield* read.read({ key, version }, range, signal);
  } catch (cause) {
    if (!(cause instanceof ObjectMissing || cause instanceof StoreDenied)) throw cause;
    const current = await currentVersion(list, key);
    if (cause instanceof StoreDenied && current === version) throw cause;
    throw new SourceGone(key, current !== undefined, { cause });
  }
}

async function currentVersion(list: StoreList, key: string): Promise<string | undefined> {
  for await (const object of list.list(key)) if (object.key === key) return object.version;
  return undefined;
}
