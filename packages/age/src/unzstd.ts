import { constants, createZstdDecompress, type ZstdDecompress } from "node:zlib";
import { type Bytes, free, NotDecompressible } from "@holdfast/core";
import { Reader } from "./reader.ts";
import { giveLast, write } from "./zlibwrite.ts";

const outputBytes = 512 * 1024;
/** 8 MiB, which RFC 8878 asks every decoder to take; level 1 uses 512 KiB. A hostile frame could ask for gigabytes. */
const windowLogMax = 23;
const hint = "The file is damaged or was not made by this program. Take another backup.";

/**
 * What was compressed: every frame, to the last byte of the input. `limit`: the most bytes that may come out, so that a bomb ends early.
 *
 * Throws {@link NotDecompressible} on a cut frame, on anything after the last frame, on no input at all and past `limit`, and what the
 * source throws. It is the only zstd reader here, because `node:zlib`'s own ends well after the first frame, whatever follows.
 */
export async function* unzstd(compressed: Bytes, { limit = Number.POSITIVE_INFINITY }: { limit?: number } = {}): Bytes {
  const reader = new Reader(compressed);
  let bytes = 0;
  try {
    do {
      for await (const plain of frame(reader)) {
        bytes += plain.length;
        if (bytes > limit) throw new NotDecompressible(`more than the expected ${limit} bytes came out of the compressed stream`, hint);
        yield plain;
      }
    } while (!(await reader.atEnd()));
  } finally {
    await reader.close();
  }
}

/** One decoder's worth: a frame, and those that follow it exactly at a chunk's border. Leaves in the reader what the decoder did not take. */
async function* frame(reader: Reader): Bytes {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogMax };
  const options = { chunkSize: outputBytes, readableHighWaterMark: 2 * outputBytes, params };
  const decoder = createZstdDecompress(options);
  const fed = feed(reader, decoder);
  fed.catch((error: unknown) => decoder.destroy(error as Error));
  try {
    for await (const piece of decoder) yield giveLast(piece, outputBytes);
    await fed;
  } catch (error) {
    throw isZlibs(error) ? new NotDecompressible(`the compressed stream is not whole: ${error.message}`, hint, { cause: error }) : error;
  } finally {
    decoder.destroy();
  }
}

async function feed(reader: Reader, decoder: ZstdDecompress): Promise<void> {
  let given = 0;
  for (let chunk = await reader.chunk(); chunk !== undefined; chunk = await reader.chunk()) {
    given += chunk.length;
    const written = write(decoder, chunk);
    await reader.atEnd(); // the next chunk is made while the pool works on this one
    await written;
    const left = given - decoder.bytesWritten;
    if (left > 0) return reader.putBack(chunk.subarray(chunk.length - left));
    free(chunk);
  }
  decoder.end();
}

function isZlibs(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^(ZSTD|Z)_/.test(String(error.code));
}
