import {
  CopyObjectCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { parseManifestKey } from "@holdfast/core";
import type { TestCloud } from "./cloud.ts";

type Tamper = ReturnType<typeof tamperWith>;

/** What an administrator who went bad could do: takes the bucket's policy away for as long as `work` lasts, and writes over what stands. */
export async function tampering(c: TestCloud, work: (tamper: Tamper) => Promise<unknown>): Promise<void> {
  const of = { Bucket: c.local.bucket };
  const { Policy } = await c.s3.send(new GetBucketPolicyCommand(of));
  await c.s3.send(new DeleteBucketPolicyCommand(of));
  try {
    await work(tamperWith(c));
  } finally {
    await c.s3.send(new PutBucketPolicyCommand({ ...of, Policy }));
  }
}

function tamperWith(c: TestCloud) {
  const Bucket = c.local.bucket;
  const read = async (Key: string) =>
    Buffer.from((await (await c.s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray()) ?? []);
  const write = (Key: string, Body: Uint8Array) => c.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  return {
    async flip(key: string, byte: number) {
      const bytes = await read(key);
      bytes[byte] = (bytes[byte] ?? 0) ^ 1;
      await write(key, bytes);
    },
    truncate: async (key: string, bytes: number) => await write(key, (await read(key)).subarray(0, bytes)),
    write,
    copy: async (from: string, to: string) => await write(to, await read(from)),
    /** As `watch` asks again, under a run of its own: the manifest's bytes are the same, so its version would find the old evidence. */
    async verifyAgain(key: string) {
      const bytes = await read(key);
      await write(key, bytes);
      const kind = parseManifestKey(key)?.source === "shop" ? "postgres" : "memo";
      const QueueUrl = `${c.local.client.endpoint}/${c.local.account}/${c.local.prefix}-verify-${kind}`;
      await new SQSClient(c.local.client).send(
        new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ detail: { bucket: { name: Bucket }, object: { key } } }) }),
      );
    },
  };
}

/** As lifecycle does after 30 days: the artifacts move, manifest and signature stay. */
export async function archive(c: TestCloud, source: string, slot: string): Promise<void> {
  const entry = await c.entry(source, slot);
  await tampering(c, async () => {
    for (const { key: Key } of entry?.objects.filter(({ key }) => key.endsWith(".age")) ?? [])
      await c.s3.send(
        new CopyObjectCommand({
          Bucket: c.local.bucket,
          Key,
          CopySource: `${c.local.bucket}/${encodeURIComponent(Key)}`,
          StorageClass: "GLACIER",
        }),
      );
  });
}
