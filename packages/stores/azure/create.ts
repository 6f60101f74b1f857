import { ObjectTooLarge, type Part, type Stored, type StoreCreate } from "@holdfast/core";
import { inFlight, type Part as Piece, partSizes } from "../parts.ts";
import { type Flow, type Sender, sendStream } from "../sending.ts";
import { newToken } from "./blockid.ts";
import { putBlock } from "./blocks.ts";
import { blockSize } from "./blocksize.ts";
import type { Azure } from "./call.ts";
import { putBlockList, putWhole } from "./commit.ts";

/**
 * A body that fits one block is one request; others go in blocks, some on their way while the next is filled. Memory: the blocks on their
 * way and one, as {@link inFlight} allows. Nothing has to be aborted: blocks that nobody can commit any more are dropped by the service
 * with the commit of another upload of that name, or a week later.
 */
export function azureCreate(azure: Azure): StoreCreate {
  return {
    create: (key, body, context, size) => sendStream(body, context, sizes(azure, key, size), (flow) => sender(azure, key, flow)),
  };
}

function sizes(azure: Azure, key: string, size: number | undefined): (n: number) => number {
  if (size === undefined) return partSizes(key, undefined, azure.limits, azure.part);
  const bytes = blockSize(key, size, azure);
  return () => bytes;
}

/** Sends blocks side by side. The first that fails stops everything through `stop`, which also ends the wait for the producer. */
function sender(azure: Azure, key: string, { signal, stop, free }: Flow): Sender {
  const token = newToken();
  const running = new Set<Promise<void>>();
  const sent: Part[] = [];
  return {
    whole: (bytes) => putWhole(azure, key, bytes, signal),
    async send({ n, bytes }: Piece): Promise<void> {
      if (n > azure.limits.maxParts)
        throw new ObjectTooLarge(
          `${key} does not fit ${azure.limits.maxParts} blocks`,
          "Give its size beforehand, so that blocks are made larger.",
        );
      while (running.size >= inFlight(bytes.length, azure.memory)) await Promise.race(running);
      const going: Promise<void> = putBlock(azure, key, token, n, bytes, signal)
        .then(
          (part) => {
            sent[n - 1] = part;
            free(bytes);
          },
          (error) => stop.abort(error),
        )
        .finally(() => running.delete(going));
      running.add(going);
    },
    async finish(): Promise<Stored> {
      await Promise.all(running);
      signal.throwIfAborted();
      return putBlockList(azure, { key, token }, sent, { signal });
    },
    abandon: async () => void (await Promise.all(running)),
  };
}
