import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";

const slice = 262_144;
/** Bodies that are worth it: smaller ones go as they are. */
const paced = 4 * slice;

/**
 * Hands large bodies to the socket slice by slice. As one buffer, Node encrypts all of it at once, so every part on its way would be in
 * memory twice. The SDK still sees the buffer: it signs it, and sends it again when a try fails.
 */
export function paceBodies(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body?: unknown };
      const { body } = request;
      if (body instanceof Uint8Array && body.length >= paced)
        request.body = Readable.from(slices(body), { objectMode: false, highWaterMark: slice });
      return next(args);
    },
    // The last step, whose request is one try's own.
    { step: "deserialize", priority: "low", name: "paceBodies", override: true },
  );
}

function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += slice) yield bytes.subarray(at, at + slice);
}
