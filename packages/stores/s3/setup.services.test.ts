import { randomUUID } from "node:crypto";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectLockConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Setup } from "@holdfast/core";
import { describe, expect, inject, test } from "vitest";
import { bytesOf, context, inChunks } from "../contract/subject.ts";
import { fileOf, forWhom } from "../kit/setup.ts";
import { s3 } from "./kind.ts";
import { carryOut } from "./kit/awscli.ts";
import { clientFor, smallParts } from "./kit/subject.ts";
import type { Policy } from "./policy.ts";
import { s3Store } from "./s3.ts";

const setupOf = (config: object, more: object = {}) => {
  const setup = s3.setup?.(s3.config.parse(config), { ...forWhom, ...more });
  if (!setup) throw new Error("no setup");
  return setup;
};
const lifecycleIn = async (client: S3Client, Bucket: string) =>
  (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules?.map(({ ID, Filter, Expiration }) => [
    ID,
    Filter?.Tag,
    Expiration?.Days,
  ]);
/** The local AWS is asked over plain http, which the policy rightly refuses. */
function withoutTls(setup: Setup): Setup {
  const { Version, Statement } = fileOf(setup, "policy.json") as Policy;
  const text = JSON.stringify({ Version, Statement: Statement.filter(({ Sid }) => Sid !== "OnlyTls") });
  return { ...setup, files: setup.files.map((file) => (file.name === "policy.json" ? { ...file, text } : file)) };
}
/** Somebody who may do everything, as far as his own policy goes. */
async function administrator() {
  const { endpoint, region, root } = inject("ministack");
  const iam = new IAMClient({ endpoint, region, credentials: root });
  const UserName = `administrator-${randomUUID()}`;
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  const Statement = [{ Effect: "Allow", Action: "s3:*", Resource: "*" }];
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "all", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "", arn: User?.Arn ?? "" };
}
const wanted = [
  ["release-30d", { Key: "release", Value: "30d" }, 30],
  ["release-372d", { Key: "release", Value: "372d" }, 372],
];

describe("what a setup prints is taken", () => {
  test("by AWS, twice, as it was meant", async () => {
    const { endpoint, region, root } = inject("ministack");
    const client = clientFor({ endpoint, region, credentials: root });
    const Bucket = `copies-${randomUUID()}`;
    const setup = setupOf({ bucket: Bucket });
    expect((await carryOut(client, setup))[0]).toBe("create-bucket");
    expect(await carryOut(client, setup)).not.toContain("create-bucket");
    expect((await lifecycleIn(client, Bucket))?.slice(0, 2)).toEqual(wanted);
    const { ObjectLockConfiguration: lock } = await client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(lock).toMatchObject({ ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: 30 } } });
    const { Policy = "" } = await client.send(new GetBucketPolicyCommand({ Bucket }));
    expect(JSON.parse(Policy)).toEqual(fileOf(setup, "policy.json"));
  });
  test("and then holds: what is there is deleted by nobody, whatever his own policy lets him", async () => {
    const { endpoint, region, root } = inject("ministack");
    const owner = clientFor({ endpoint, region, credentials: root });
    const Bucket = `copies-${randomUUID()}`;
    await carryOut(owner, withoutTls(setupOf({ bucket: Bucket })));
    const client = clientFor({ endpoint, region, credentials: await administrator() });
    const store = s3Store(client, { bucket: Bucket, ...smallParts });
    const made = await store.create.create("k", inChunks(bytesOf(10)), context());
    expect((await store.read.head(made))?.lockedUntil).toBeInstanceOf(Date);
    await store.mark.mark(made, { release: "30d" });
    for (const forbidden of [
      new DeleteObjectCommand({ Bucket, Key: "k" }),
      new DeleteObjectCommand({ Bucket, Key: "k", VersionId: made.version }),
    ])
      await expect(client.send(forbidden)).rejects.toMatchObject({ name: "AccessDenied" });
  });
  test("and then holds where nothing is marked: one deletes, and nobody else, whatever his own policy lets him", async () => {
    const { endpoint, region, root } = inject("ministack");
    const [pruner, other] = await Promise.all([administrator(), administrator()]);
    const Bucket = `copies-${randomUUID()}`;
    const principals = { copy: other.arn, prune: pruner.arn, read: other.arn };
    const config = { bucket: Bucket, marks: false, locks: false, credentials: { copy: "c", prune: "p", read: "r" } };
    const owner = clientFor({ endpoint, region, credentials: root });
    await carryOut(owner, withoutTls(setupOf(config, { principals })));
    const opened = (credentials: typeof pruner) =>
      s3Store(clientFor({ endpoint, region, credentials }), { bucket: Bucket, locks: false, ...smallParts });
    const made = await opened(other).create.create("backups/k", inChunks(bytesOf(10)), context());
    await expect(opened(other).prune?.delete(made)).rejects.toMatchObject({ name: "StoreDenied" });
    await opened(pruner).prune?.delete(made);
    expect(await opened(other).read.head({ key: "backups/k" })).toBeUndefined();
  });
  test("by SeaweedFS, twice", async () => {
    const { endpoint, region, credentials } = inject("seaweedfs");
    const client = clientFor({ endpoint, region, credentials });
    const Bucket = `copies-${randomUUID()}`;
    const setup = setupOf({ bucket: Bucket, endpoint, region, credentials: "k", locks: true });
    expect(await carryOut(client, setup)).toContain("create-bucket");
    expect(await carryOut(client, setup)).toContain("put-bucket-lifecycle-configuration");
    expect((await lifecycleIn(client, Bucket))?.slice(0, 2)).toEqual(wanted);
  });
});
