import { randomUUID } from "node:crypto";
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectLockConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { describe, expect, inject, test } from "vitest";
import { fileOf, forWhom } from "../kit/setup.ts";
import { s3 } from "./kind.ts";
import { carryOut } from "./kit/awscli.ts";
import { clientFor } from "./kit/subject.ts";

const setupOf = (config: object) => {
  const setup = s3.setup?.(s3.config.parse(config), forWhom);
  if (!setup) throw new Error("no setup");
  return setup;
};
const lifecycleIn = async (client: S3Client, Bucket: string) =>
  (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules?.map(({ ID, Filter, Expiration }) => [
    ID,
    Filter?.Tag,
    Expiration?.Days,
  ]);
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
