import { whole } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import type { SealedFile } from "../ports/seal.ts";
import type { Range, Ref, Stored } from "../ports/store.ts";
import { headerAtMost, payloadRange, payloadStart } from "./agerange.ts";
import type { Piece } from "./combine.ts";
import { digesting } from "./digests.ts";
import { SourceGone } from "./errors.ts";
import { type Origins, pinned } from "./pinned.ts";

type Held = { from: number; bytes: Uint8Array };
/** Parts of a sealed file as they were read once: its head, and the chunks in `range`. What else is asked of `file` is read then. */
export type Excerpt = { key: string; range: Range; header: Held; body: Held; file: SealedFile };

/** Some {@link sampleBytes} of whole chunks. `random`, from 0 up to 1, says where. What is no age file is cut as if it were. */
export async function excerptOf(at: Stored, store: Origins, random: number, context: Context): Promise<Excerpt> {
  const read = (from: number, to: number) => pinned(store, at, { from, to }, context.signal);
  const most = Math.min(at.bytes, headerAtMost);
  const head = await whole(read(0, most), most);
  const start = payloadStart(head);
  const range = payloadRange(at.bytes, start, random);
  const body = { from: range.from, bytes: await whole(read(range.from, range.to), range.to - range.from) };
  context.progress(body.bytes.length);
  const held = [{ from: 0, bytes: head }, body];
  const file: SealedFile = {
    bytes: at.bytes,
    async *read(from, to) {
      const found = held.find((one) => one.from <= from && to <= one.from + one.bytes.length);
      if (found) yield found.bytes.subarray(from - found.from, to - found.from);
      else yield* read(from, to);
    },
  };
  return { key: at.key, range, header: { from: 0, bytes: head.subarray(0, start) }, body, file };
}

/** Whether another store has the same bytes at the same places. Undefined: it has the object no more. */
export async function sameIn(store: Origins, at: Ref, { header, body }: Excerpt, { signal }: Context): Promise<boolean | undefined> {
  try {
    for (const { from, bytes } of [header, body]) {
      if (bytes.length === 0) continue;
      const other = await whole(pinned(store, at, { from, to: from + bytes.length }, signal), bytes.length);
      if (Buffer.compare(bytes, other) !== 0) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof SourceGone) return undefined;
    throw error;
  }
}

/** The digest of all of it. */
export async function takenWhole(at: Ref, store: Origins, context: Context): Promise<Piece> {
  const digests = digesting(["sha256"]);
  for await (const chunk of pinned(store, at, undefined, context.signal)) {
    digests.update(chunk);
    context.progress(chunk.length);
  }
  return digests.end();
}
