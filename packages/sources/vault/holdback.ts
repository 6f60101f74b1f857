import type { Bytes } from "@holdfast/core";

/** The sums of a snapshot are in its last four KiB. */
const TAIL = 64 * 1024;

/**
 * The same bytes, the last ones only after the source has ended well. A server applies a snapshot as soon as it has seen its archive's end, without
 * waiting for the end of the request, and a source that finds at its end that its digests are wrong must not come too late for that.
 */
export async function* holdingBack(bytes: Bytes, tail = TAIL): Bytes {
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    held.push(chunk);
    size += chunk.length;
    for (let first = held[0]; first && size - first.length >= tail; first = held[0]) {
      held.shift();
      size -= first.length;
      yield first;
    }
  }
  yield* held;
}
