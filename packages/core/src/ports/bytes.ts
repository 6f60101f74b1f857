/** A stream of bytes with back-pressure: the producer waits until the consumer asks for the next chunk. A clean end means a whole stream. */
export type Bytes = AsyncIterable<Uint8Array>;
