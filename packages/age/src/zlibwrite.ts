import type { Writable } from "node:stream";

/**
 * Resolves when the stream has taken the chunk in and its memory may be used again. Rejections are also marked as seen, because whoever
 * wrote may be waiting for something else just then; the stream's reader gets the error anyway.
 */
export function write(stream: Writable, chunk: Uint8Array): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
  written.catch(() => {});
  return written;
}
