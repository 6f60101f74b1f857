import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { CreateBucketCommand, DeleteBucketCommand } from "@aws-sdk/client-s3";
import { createSeal, createUnseal, generateIdentity } from "@holdfast/age";
import {
  type Artifact,
  artifactKey,
  backup,
  type Bytes,
  type Capture,
  type Context,
  type Kind,
  loadManifest,
  type Produced,
  type Ref,
  slotId,
  type TrustedKeys,
  verify,
} from "@holdfast/core";
import { type Seaweedfs, seaweedfs } from "@holdfast/localcloud";
import { z } from "zod";
import { makeScratch } from "../../packages/localcloud/src/deploy/scratch.ts";
import { clientFor } from "../../packages/stores/s3/kit/subject.ts";
import { signer } from "../kit/signer.ts";
import { openBucket } from "./bucket.ts";
import type { Bucket } from "./copyjob.ts";
import { mebibyte } from "./row.ts";
import { bundleChild } from "./stage.ts";

/** A verified backup of one artifact in one store. */
export type Filled = {
  bucket: Bucket;
  source: string;
  slot: string;
  trusted: TrustedKeys;
  artifact: Ref & { bytes: number };
  signed: Artifact;
};
/** Two stores beside each other, and our copy bundled as functions are. */
export type CopyStage = {
  folder: string;
  /** The bundle of `copychild.ts`. */
  child: string;
  fill(mebibytes: number): Promise<Filled>;
  /** Runs `work` with a bucket of the other store, empty, that is removed with all that it holds. */
  intoNew<T>(work: (to: Bucket) => Promise<T>): Promise<T>;
};

export async function onCopyStage<T>(work: (stage: CopyStage) => Promise<T>): Promise<T> {
  const folder = await makeScratch("bench-copy");
  const stops: (() => Promise<void>)[] = [];
  try {
    const servers: Seaweedfs[] = [];
    for (let i = 0; i < 2; i++) {
      const server = await seaweedfs();
      stops.push(server.stop);
      servers.push(server);
    }
    const [near, far] = servers as [Seaweedfs, Seaweedfs];
    return await work({
      folder,
      child: await bundleChild(folder, "copychild"),
      fill: async (mebibytes) => fill(await makeBucket(near), mebibytes),
      intoNew: async (work) => {
        const to = await makeBucket(far);
        try {
          return await work(to);
        } finally {
          await removeBucket(to);
        }
      },
    });
  } finally {
    for (const stop of stops) await stop();
    await rm(folder, { recursive: true, force: true });
  }
}

let buckets = 0;
async function makeBucket({ endpoint, region, credentials }: Seaweedfs): Promise<Bucket> {
  const bucket = `bench-${buckets++}`;
  const client = clientFor({ endpoint, region, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  client.destroy();
  return { endpoint, region, bucket, credentials };
}

/** SeaweedFS removes a bucket's volumes with it, whatever they hold. */
async function removeBucket({ endpoint, region, bucket, credentials }: Bucket): Promise<void> {
  const client = clientFor({ endpoint, region, credentials });
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  client.destroy();
}

const context: Context = { now: () => new Date(), signal: new AbortController().signal, progress: () => {} };
const nothing = z.strictObject({});
const kind: Kind<object, object, object> = {
  name: "nothing",
  config: nothing,
  native: nothing,
  target: nothing,
  verified: ["readable"],
  portable: true,
  needs: () => ({ secrets: [], layers: [], allow: [] }),
};

/** Sealed, zeros are as good as anything. */
async function* zeros(mebibytes: number): Bytes {
  for (let i = 0; i < mebibytes; i++) yield new Uint8Array(mebibyte);
}

async function fill(bucket: Bucket, mebibytes: number): Promise<Filled> {
  const { read: store, list, create } = await openBucket(bucket);
  const [sign, { identity, recipient }] = [signer(), await generateIdentity()];
  async function* artifacts(): AsyncGenerator<Produced> {
    yield { name: "zeros", compress: false, bytes: zeros(mebibytes), done: Promise.resolve() };
  }
  const capture: Capture<object> = {
    preflight: async () => [],
    capture: async () => ({ state: "ready", artifacts: artifacts(), native: async () => ({}), findings: [] }),
  };
  const at = { source: "bench", slot: slotId(new Date("2026-01-01T00:00:00Z")) };
  const input = {
    source: at.source,
    at: new Date("2026-01-01T00:00:00Z"),
    attempt: randomBytes(8).toString("hex"),
    trigger: "manual",
  } as const;
  await backup(input, { kind, capture, seal: createSeal({ offlineKeys: [recipient] }), sign, list, create }, context);
  const proving = { store, list, unseal: createUnseal({ identities: [identity] }), trusted: sign.trusted };
  await verify(at, { ...proving, create, kind, read: { read: async () => [] }, sign, fits: Number.POSITIVE_INFINITY }, context);
  const { manifest } = await loadManifest(at, proving, context.signal);
  const [made] = manifest.artifacts;
  const found = made && (await store.head({ key: artifactKey(manifest, made.name, made.compressed) }));
  if (!found) throw new Error("the backup to copy has no artifact");
  return { bucket, ...at, trusted: sign.trusted, artifact: found, signed: made };
}
