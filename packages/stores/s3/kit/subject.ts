import { randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import type { Subject } from "../../contract/contract.ts";
import { clientDefaults } from "../open.ts";
import { type S3Options, s3Store } from "../s3.ts";

/** The smallest that S3 takes, so that bodies of several parts stay small. */
export const part = 5_242_880;

export function clientFor(config: S3ClientConfig): S3Client {
  return new S3Client({ ...clientDefaults, forcePathStyle: true, ...config });
}

/** A bucket of its own, with versions and locks. */
export async function freshBucket(client: S3Client): Promise<string> {
  const bucket = `contract-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  return bucket;
}

/** A store on a bucket of its own. What its ports cannot do is done by the same client. */
export async function s3Subject(client: S3Client, options: Omit<S3Options, "bucket"> = {}): Promise<Subject> {
  const bucket = await freshBucket(client);
  return {
    store: s3Store(client, { bucket, part, ...options }),
    part,
    uploads: async (prefix) => {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
      return Uploads?.length ?? 0;
    },
    overwrite: (key, bytes) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes })),
    remove: (key) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })),
    createArchived: async (key, bytes) => {
      const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, StorageClass: "GLACIER" });
      return { key, version: (await client.send(put)).VersionId ?? "null" };
    },
  };
}
