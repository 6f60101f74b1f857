import type { Bytes } from "../ports/bytes.ts";
import type { Context } from "../ports/context.ts";
import { DigestMismatch, ObjectExists, ShortRead } from "../ports/errors.ts";
import type { Stored } from "../ports/store.ts";
import type { Piece } from "./combine.ts";
import { type Digesting, digesting } from "./digests.ts";
import { type Origins, pinned } from "./pinned.ts";
import type { Sourced } from "./plancopy.ts";
import { compareSums, type Destination, type Origin, proveStored } from "./prove.ts";

/**
 * Copies one artifact in one pass over its bytes. What another worker made meanwhile is as good, if it is the same. Returns what proves it.
 * Throws {@link DigestMismatch} (what was read is not what was signed), {@link SourceGone}, and the errors of {@link proveStored}.
 */
export async function streamArtifact({ source, signed }: Sourced, from: Origins, to: Destination, context: Context): Promise<string> {
  const { sum } = to.ranges.limits;
  // What the manifest says of them holds for bytes that have its SHA-256.
  const digests = digesting(signed.sums[sum] === undefined ? ["sha256", sum] : ["sha256"]);
  const read: { whole?: Piece } = {};
  const body = checked(pinned(from, source, undefined, context.signal), source.key, signed, digests, context, (whole) => {
    read.whole = whole;
  });
  const { object, origin } = await createOrFind(source.key, body, signed.bytes, to, context);
  const expected = { bytes: signed.bytes, sums: { ...read.whole?.sums, ...signed.sums } };
  const stored = await proveStored(object, expected, origin, to, context);
  return origin === "made" ? `sha256 read, ${stored}` : stored;
}

/** Throws {@link ObjectExists} only where what was in the way is gone again. */
export async function createOrFind(
  key: string,
  body: Bytes,
  bytes: number,
  to: Destination,
  context: Context,
): Promise<{ object: Stored; origin: Origin }> {
  try {
    return { object: await to.create.create(key, body, context, bytes), origin: "made" };
  } catch (error) {
    const object = error instanceof ObjectExists ? await to.read.head({ key }) : undefined;
    if (!object) throw error;
    return { object, origin: "found" };
  }
}

/** The last chunk is handed over only when all of them are what was signed: nothing else must end an upload well. */
async function* checked(
  bytes: Bytes,
  key: string,
  signed: Piece,
  digests: Digesting,
  context: Context,
  done: (whole: Piece) => void,
): Bytes {
  let last: Uint8Array | undefined;
  for await (const chunk of bytes) {
    if (last) yield last;
    digests.update(chunk);
    context.progress(chunk.length);
    last = chunk;
  }
  const whole = digests.end();
  requireSigned(key, whole, signed);
  done(whole);
  if (last) yield last;
}

/** Throws {@link ShortRead} where bytes are missing, {@link DigestMismatch} where they are others. */
export function requireSigned(key: string, read: Piece, signed: Piece): void {
  if (read.bytes < signed.bytes) throw new ShortRead(key, signed.bytes, read.bytes);
  const compared = compareSums(read, signed);
  if (compared.is === "equal") return;
  throw new DigestMismatch(
    `${key} is not what its manifest says: ${compared.is === "different" ? compared.what : "no digest was taken"}`,
    "Nothing was copied of it. Verify this backup again, and use another one or a copy elsewhere.",
  );
}
