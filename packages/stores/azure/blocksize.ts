import { equalPart, mebibyte } from "../partsize.ts";
import type { Azure } from "./call.ts";

/**
 * Blocks of one upload at most. The service takes 50,000, but counts those that wait under one name, of all uploads together, up to 100,000, drops them a
 * week after the last one came, and no abort takes them back (https://learn.microsoft.com/rest/api/storageservices/put-block#remarks). So many leave room
 * for three attempts.
 */
export const blocksAtMost = 33_000;
/** As long as blocks stay small enough to hold some of them in memory there are fewer, for six attempts. */
const blocksWanted = 16_000;
const handy = 64 * mebibyte;

/** Bytes of each block of an object that is so long, but the last. Throws {@link ObjectTooLarge}. */
export function blockSize(key: string, bytes: number, { limits, part }: Pick<Azure, "limits" | "part">): number {
  const wanted = bytes / blocksWanted;
  const preferred = wanted <= part ? part : Math.min(Math.ceil(wanted / mebibyte) * mebibyte, handy);
  return equalPart(key, bytes, limits, preferred);
}
