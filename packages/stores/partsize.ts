import { type Limits, ObjectTooLarge, ShortRead, type Upload } from "@holdfast/core";

export const mebibyte = 1_048_576;

/**
 * One equal part size: `preferred`, or as much more as keeps `bytes` within the number of parts, in whole MiB. R2 asks for equal parts
 * (https://developers.cloudflare.com/r2/objects/multipart-objects), and equal ones are what workers can share out by number.
 */
export function equalPart(key: string, bytes: number, limits: Limits, preferred: number): number {
  if (bytes > limits.maxObject)
    throw new ObjectTooLarge(
      `${key} has ${bytes} bytes, over the store's limit of ${limits.maxObject}`,
      "Split it, or choose another store.",
    );
  const needed = Math.ceil(bytes / limits.maxParts);
  const rounded = needed <= preferred ? preferred : Math.ceil(needed / mebibyte) * mebibyte;
  const part = Math.min(Math.max(rounded, limits.minPart), limits.maxPart);
  if (part < needed)
    throw new ObjectTooLarge(
      `${key} has ${bytes} bytes, too many for ${limits.maxParts} parts of ${limits.maxPart}`,
      "Split it, or choose another store.",
    );
  return part;
}

export const partCount = ({ bytes, part }: Upload): number => Math.max(1, Math.ceil(bytes / part));

/** Bytes of part `n`: all are equal but the last. Throws RangeError for a part that the upload does not have. */
export function partBytes(upload: Upload, n: number): number {
  const count = partCount(upload);
  if (!Number.isSafeInteger(n) || n < 1 || n > count) throw new RangeError(`${upload.key} has parts 1 to ${count}, not ${n}`);
  return n < count ? upload.part : upload.bytes - upload.part * (count - 1);
}

/**
 * A whole part in memory. Throws {@link ShortRead} when the stream ends early: rclone before 1.76 stored such parts as if they were whole
 * (https://github.com/rclone/rclone/commit/5b7cc097e).
 */
export async function wholePart(upload: Upload, n: number, chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const part = Buffer.allocUnsafeSlow(partBytes(upload, n));
  let filled = 0;
  for await (const chunk of chunks) {
    if (filled + chunk.length > part.length) throw new RangeError(`${upload.key}: part ${n} has more than its ${part.length} bytes`);
    part.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled < part.length) throw new ShortRead(`${upload.key}, part ${n}`, part.length, filled);
  return part;
}
