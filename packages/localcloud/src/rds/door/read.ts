import { once } from "node:events";
import type { Socket } from "node:net";

/** Exactly `count` bytes; undefined when the connection ends before. */
async function take(socket: Socket, count: number): Promise<Buffer | undefined> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count);
    if (bytes?.length === count) return bytes;
    if (bytes !== null || socket.readableEnded || socket.destroyed) return undefined;
    await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
}

/** Longer is no login: a token is about 1 KB. */
const LONGEST = 65_535;

/** A packet of a length that stands before it, after a type of `typed` bytes; the whole of it. Undefined when there is none that makes sense. */
export async function takePacket(socket: Socket, typed: 0 | 1): Promise<Buffer | undefined> {
  const head = await take(socket, typed + 4);
  const length = head?.readInt32BE(typed) ?? 0;
  if (!head || length < 4 || length > LONGEST) return undefined;
  const rest = length > 4 ? await take(socket, length - 4) : Buffer.alloc(0);
  return rest && Buffer.concat([head, rest]);
}
