import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Credentials, type Seaweedfs, seaweedfs } from "./seaweedfs.ts";

const BUCKET = "backups";
const writer = {
  name: "writer",
  policies: {
    put: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:PutObject", Resource: `arn:aws:s3:::${BUCKET}/*` }] },
  },
} as const;

let store: Seaweedfs;
beforeAll(async () => {
  store = await seaweedfs({ identities: [writer] });
});
afterAll(() => store?.stop());

const client = (credentials: Credentials | undefined) =>
  new S3Client({ endpoint: store.endpoint, region: store.region, forcePathStyle: true, ...(credentials && { credentials }) });

test("a write succeeds as soon as it is started", async () => {
  const admin = client(store.credentials);
  await admin.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await admin.send(new PutObjectCommand({ Bucket: BUCKET, Key: "first", Body: "hello" }));
  const { Body } = await admin.send(new GetObjectCommand({ Bucket: BUCKET, Key: "first" }));
  expect(await Body?.transformToString()).toBe("hello");
});

test("an identity may do what its policy allows and no more", async () => {
  const put = client(store.identities.writer);
  await put.send(new PutObjectCommand({ Bucket: BUCKET, Key: "second", Body: "hello" }));
  await expect(put.send(new GetObjectCommand({ Bucket: BUCKET, Key: "second" }))).rejects.toMatchObject({ name: "AccessDenied" });
  await expect(put.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "second" }))).rejects.toMatchObject({ name: "AccessDenied" });
});

test("a wrong secret is refused", async () => {
  const forged = client({ ...store.credentials, secretAccessKey: "wrong" });
  await expect(forged.send(new PutObjectCommand({ Bucket: BUCKET, Key: "third", Body: "hello" }))).rejects.toMatchObject({
    name: "SignatureDoesNotMatch",
  });
});
