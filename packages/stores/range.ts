import { type Range, ShortRead } from "@holdfast/core";

/** The range to read of an object of `bytes`. Throws RangeError for what is no range, {@link ShortRead} for one that the object does not fill. */
export function rangeWithin(key: string, bytes: number, range?: Range): Range {
  if (!range) return { from: 0, to: bytes };
  requireRange(range);
  if (range.to > bytes) throw new ShortRead(key, range.to - range.from, Math.max(0, bytes - range.from));
  return range;
}

export function requireRange({ from, to }: Range): void {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from)
    throw new RangeError(`no range: from ${from} up to ${to}`);
}
