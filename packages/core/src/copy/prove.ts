import type { HoldfastError } from "../errors.ts";
import type { Artifact } from "../manifest.ts";
import type { Context } from "../ports/context.ts";
import type { StoreCreate, Stored, StoreList, StoreRanges, StoreRead, Sum } from "../ports/store.ts";
import type { Piece } from "./combine.ts";
import { digesting } from "./digests.ts";
import { CopyCorrupted, CopyDiffers, CopyUnproven } from "./errors.ts";

/**
 * Where copies go. `fits`: bytes that one runner moves in its time · `range`: those that one of several takes at a time, else `copyRange` · `part`: those
 * of a part that either holds, else `copyPart`.
 */
export type Destination = {
  name: string;
  fits: number;
  range?: number;
  part?: number;
  read: StoreRead;
  list: StoreList;
  create: StoreCreate;
  ranges: StoreRanges;
};

export const signedOf = ({ bytes, sha256, crc32c, crc64nvme }: Artifact): Piece => ({ bytes, sums: { sha256, crc32c, crc64nvme } });

export type SumsCompared = { is: "equal"; by: Sum } | { is: "different"; what: string } | { is: "unknown" };
const strongestFirst: readonly Sum[] = ["sha256", "md5", "crc64nvme", "crc32c", "crc32"];

/** Every sum that both have must agree, and the length. `unknown`: the same length, and no sum that both have. */
export function compareSums(found: Piece, expected: Piece): SumsCompared {
  if (found.bytes !== expected.bytes) return { is: "different", what: `${found.bytes} bytes instead of ${expected.bytes}` };
  const common = strongestFirst.filter((sum) => found.sums[sum] !== undefined && expected.sums[sum] !== undefined);
  const wrong = common.find((sum) => found.sums[sum] !== expected.sums[sum]);
  if (wrong) return { is: "different", what: `${wrong} ${found.sums[wrong]} instead of ${expected.sums[wrong]}` };
  return common[0] ? { is: "equal", by: common[0] } : { is: "unknown" };
}

/** An object was made just now by this copy, or was found there. Decides what a difference is called. */
export type Origin = "made" | "found";
const differs = (origin: Origin, store: string, key: string, what: string): HoldfastError =>
  origin === "made" ? new CopyCorrupted(store, key, what) : new CopyDiffers(store, key, what);

/**
 * Holds what the destination says of an object against what it must be, and says by what it was proven: `crc32c stored`. A store that keeps no
 * sum of the whole is believed for what was proven of it `otherwise`, else it is read back.
 * Throws {@link CopyCorrupted}, {@link CopyDiffers}, {@link CopyUnproven}.
 */
export async function proveStored(
  object: Stored,
  expected: Piece,
  origin: Origin,
  to: Destination,
  context: Context,
  otherwise?: string,
): Promise<string> {
  let compared = compareSums(object, expected);
  // The answer to a write and a listing may leave out what head tells.
  if (compared.is === "unknown") compared = compareSums((await to.read.head(object)) ?? object, expected);
  if (compared.is === "different") throw differs(origin, to.name, object.key, compared.what);
  if (compared.is === "equal") return `${compared.by} stored`;
  if (otherwise !== undefined) return otherwise;
  if (object.bytes > to.fits) throw new CopyUnproven(to.name, object.key, object.bytes);
  const read = compareSums(await readBack(object, to, context), expected);
  if (read.is === "different") throw differs(origin, to.name, object.key, read.what);
  return "sha256 read back";
}

async function readBack(object: Stored, { read }: Destination, context: Context): Promise<Piece> {
  const digests = digesting(["sha256"]);
  for await (const chunk of read.read({ key: object.key, version: object.version }, undefined, context.signal)) {
    digests.update(chunk);
    context.progress(chunk.length);
  }
  return digests.end();
}
