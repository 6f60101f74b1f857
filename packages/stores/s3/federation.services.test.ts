import { CreateBucketCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { type Identity, StoreDenied, useRights } from "@holdfast/core";
import { type Seaweedfs, seaweedfs, seaweedRole } from "@holdfast/localcloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bytesOf, collect, context, digest, inChunks, keysOf } from "../contract/subject.ts";
import { allowedFor } from "./actions.ts";
import { s3 } from "./kind.ts";
import { type Issuer, issuer } from "./kit/issuer.ts";
import { clientFor } from "./kit/subject.ts";
import { open } from "./open.ts";

const [audience, bucket] = ["holdfast-copies", "federated"];
const roleOf = (use: string) => `arn:aws:iam::111111111111:role/acme-prod-${use}`;
let aws: Issuer;
let sea: Seaweedfs;
beforeAll(async () => {
  aws = await issuer();
  const role = (use: "copy" | "mark" | "read") => {
    const allowed = allowedFor(useRights[use], { bucket, versions: true, locks: false, endpoint: "https://sea.example" });
    const Statement = allowed.map(({ actions, resources }) => ({ Effect: "Allow", Action: actions, Resource: resources }));
    return { subject: roleOf(use), policy: { Version: "2012-10-17", Statement } as const };
  };
  sea = await seaweedfs({
    federation: { issuer: aws.address, audience, roles: { copy: role("copy"), mark: role("mark"), read: role("read") } },
  });
  const { endpoint, region, credentials } = sea;
  const admin = clientFor({ endpoint, region, credentials });
  await admin.send(new CreateBucketCommand({ Bucket: bucket }));
  await admin.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }));
});
afterAll(() => Promise.all([sea?.stop(), aws?.close()]));

type Use = "copy" | "mark" | "read";
function opened(use: Use, identity: Identity = aws.as(roleOf(use)), more: object = {}) {
  const role = { copy: seaweedRole("copy"), mark: seaweedRole("mark"), read: seaweedRole("read") };
  const config = s3.config.parse({
    ...{ bucket, endpoint: sea.endpoint, region: sea.region },
    federation: { sts: sea.endpoint, audience, role, ...more },
  });
  const secrets = () => Promise.reject(new Error("no secret is asked for"));
  return open(config, { secrets, region: "eu-central-1", identity, use, now: () => new Date() });
}
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

test("a role copies, marks and reads with what its JWT is exchanged for, and no secret", async () => {
  const body = bytesOf(9 * 2 ** 20);
  const made = await (await opened("copy")).create.create("k", inChunks(body), context());
  await (await opened("mark")).mark.mark(made, { release: "30d" });
  const reader = await opened("read");
  expect(await keysOf(reader, "")).toEqual(["k"]);
  expect(digest(await collect(reader.read.read(made)))).toBe(digest(body));
});

test("each use may do what it is there for, and no more", async () => {
  const denied = await Promise.all([
    thrown((await opened("mark")).create.create("other", inChunks(bytesOf(3)), context())),
    thrown(collect((await opened("mark")).read.read({ key: "k" }))),
    thrown((await opened("read")).create.create("other", inChunks(bytesOf(3)), context())),
  ]);
  for (const error of denied) expect(error).toBeInstanceOf(StoreDenied);
});

test.each([
  ["for another audience", () => ({ token: () => aws.as(roleOf("copy")).token("elsewhere", 900) })],
  ["of another role", () => ({ token: (to: string) => aws.as(roleOf("mark")).token(to, 900) })],
  ["that ended", () => ({ token: (to: string) => aws.as(roleOf("copy")).token(to, -60) })],
  [
    "that somebody changed",
    () => ({ token: async (to: string) => `${(await aws.as(roleOf("copy")).token(to, 900)).slice(0, -8)}AAAAAAAA` }),
  ],
])("a token %s is refused with a hint, and quoted nowhere", async (_, identity) => {
  const store = await opened("copy", { ...aws.as(""), ...identity() });
  for (const error of [
    await thrown(store.create.create("other", inChunks(bytesOf(3)), context())),
    await thrown(store.read.head({ key: "k" })),
  ]) {
    expect(error).toBeInstanceOf(StoreDenied);
    expect(error.hint).toMatch(/issuer|clock/);
    expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toContain("eyJ");
  }
});

test("a role that the store does not know is refused", async () => {
  const store = await opened("copy", undefined, { role: seaweedRole("nobody") });
  expect(await thrown(store.read.head({ key: "k" }))).toMatchObject({
    name: "StoreDenied",
    message: expect.stringContaining("AccessDenied"),
  });
});
