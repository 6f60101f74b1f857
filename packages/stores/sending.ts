import type { Bytes, Context, Stored } from "@holdfast/core";
import { inParts, type Part } from "./parts.ts";
import { pull } from "./pull.ts";

/** What a sender works with. `signal` fires when the caller gives up and when `stop` does; `free` takes back the memory of a part that was sent. */
export type Flow = { signal: AbortSignal; stop: AbortController; free(bytes: Uint8Array): void };
/** How one kind of store takes a stream in. What fails on its way goes to `stop`, which also ends the wait for the producer. */
export type Sender = {
  /** A body that fits one request. */
  whole(bytes: Uint8Array): Promise<Stored>;
  send(part: Part): Promise<void>;
  finish(): Promise<Stored>;
  /** Waits for what is on its way and leaves nothing open. Never throws: what went wrong before is what counts. */
  abandon(): Promise<void>;
};

/** Sends a stream in parts of these sizes, or whole where one holds it. Throws what the stream, the sender or the signal throws, after it was abandoned. */
export async function sendStream(
  body: Bytes,
  context: Pick<Context, "signal">,
  sizes: Parameters<typeof inParts>[1],
  open: (flow: Flow) => Sender,
): Promise<Stored> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const { parts, free } = inParts(pull(body, signal), sizes);
  const sender = open({ signal, stop, free });
  try {
    for await (const part of parts) {
      if (part.last && part.n === 1) return await sender.whole(part.bytes);
      await sender.send(part);
    }
    return await sender.finish();
  } catch (error) {
    stop.abort(error);
    await sender.abandon();
    throw error;
  }
}
