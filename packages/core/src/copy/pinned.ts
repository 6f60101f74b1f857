import type { Bytes } from "../ports/bytes.ts";
import { ObjectMissing } from "../ports/errors.ts";
import type { Range, Ref, StoreRead } from "../ports/store.ts";
import { SourceGone } from "./errors.ts";

/** The bytes of one version. Throws {@link SourceGone} where it does not exist any more, also when another one stands under its key. */
export async function* pinned(store: StoreRead, { key, version }: Ref, range: Range | undefined, signal: AbortSignal): Bytes {
  try {
    yield* store.read({ key, version }, range, signal);
  } catch (cause) {
    if (!(cause instanceof ObjectMissing)) throw cause;
    throw new SourceGone(key, (await store.head({ key })) !== undefined, { cause });
  }
}
