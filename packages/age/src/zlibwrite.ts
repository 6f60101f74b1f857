import type { Writable } from "node:stream";
import { give } from "@holdfast/core";

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

/**
 * Gives a piece away when no more of the same output buffer will come. Those before it are views of the same memory, so whoever frees it
 * must be done with them. A buffer of another size may be the one that all of Node takes its small ones from.
 */
export function giveLast(piece: Buffer, bufferBytes: number): Buffer {
  const isLast = piece.buffer.byteLength === bufferBytes && piece.byteOffset + piece.length === bufferBytes;
  return isLast ? give(piece) : piece;
}
