/**
 * A stream of bytes with back-pressure: the producer waits until the consumer asks for the next chunk. A clean end means a whole stream.
 * Chunks are the consumer's to keep, but not to write into; those that were given away ({@link give}) it may free.
 */
export type Bytes = AsyncIterable<Uint8Array>;
