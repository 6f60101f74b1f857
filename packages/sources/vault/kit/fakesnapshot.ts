import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { apply, recall, remember, sameKeys } from "./fakecluster.ts";
import { type Answered, type Asked, type FakeVault, fail, reply } from "./fakeport.ts";
import type { Shape } from "./snapshot.ts";
import { noise, uuid } from "./snapshotentries.ts";

/** As sent by Vault and OpenBao: streamed, without a length. */
export const SNAPSHOT_HEADERS = {
  "Content-Type": "application/gzip",
  "Content-Disposition": "attachment",
  "Cache-Control": "no-store",
};

/** Who is in it: a snapshot names the members, and so does sys/storage/raft/configuration. */
export const serverOf = (url: string, node: number) => ({ id: `node-${node}`, address: new URL(url).host });

/** What the snapshot of a fake holds by default: an entry for each secret, so that another secret makes another snapshot. */
export function snapshotOf({ cluster, urls }: FakeVault): Shape {
  const { image, index, term } = cluster;
  const { type, n, t, keys } = image.seal;
  return {
    index,
    term,
    seed: image.clusterId,
    servers: urls.map(serverOf),
    seal: { type, shares: n, threshold: t, ...(type === "shamir" ? {} : { key: keys[0] ?? "" }) },
    items: [...image.kv].map(([path, data]) => ({
      key: `logical/${uuid(`${image.clusterId} mount`)}/${uuid(path)}`,
      value: noise(JSON.stringify(data), 80),
    })),
  };
}

export function giveSnapshot(fake: FakeVault, response: ServerResponse): Answered {
  response.writeHead(200, SNAPSHOT_HEADERS);
  response.end(remember(fake.snapshot(fake), fake.cluster.image));
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
