import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { apply, recall, remember, sameKeys } from "./fakecluster.ts";
import { type Answered, type Asked, type FakeVault, fail, reply } from "./fakeport.ts";

/** As sent by Vault and OpenBao: streamed, without a length. */
export const SNAPSHOT_HEADERS = {
  "Content-Type": "application/gzip",
  "Content-Disposition": "attachment",
  "Cache-Control": "no-store",
};

export async function giveSnapshot(fake: FakeVault, _asked: Asked, response: ServerResponse): Promise<Answered> {
  response.writeHead(200, SNAPSHOT_HEADERS);
  response.end(remember(fake.snapshot(fake.cluster.image, fake.cluster), fake.cluster.image));
  return true;
}

/** The answer says only that the sums held; what comes of it comes later. */
export async function takeSnapshot(
  fake: FakeVault,
  { path }: Asked,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answered> {
  const { cluster } = fake;
  const image = recall(await buffer(request));
  if (!image)
    return fail(
      response,
      500,
      "1 error occurred:\n\t* failed to read snapshot file: failed to read or write snapshot data: unexpected EOF\n\n",
    );
  if (!path.endsWith("-force") && !sameKeys(cluster.image.seal, image.seal))
    return fail(response, 400, keysDiffer(cluster.image.seal.type));
  reply(response, 204);
  if (cluster.restoring === "real") apply(cluster, image);
  if (cluster.restoring === "slow") fake.waiting = image;
  if (cluster.restoring === "seals") cluster.sealed = true;
  return true;
}

const keysDiffer = (seal: string) =>
  `could not verify hash file, possibly the snapshot is using a different ${seal === "shamir" ? "set of unseal keys" : "autoseal key"}`;
