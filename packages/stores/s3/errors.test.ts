import { inspect } from "node:util";
import { ObjectMissing, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, inChunks } from "../contract/subject.ts";
import { errorBody, type Reply, scripted } from "./kit/scripted.ts";
import { s3Store } from "./s3.ts";

const answering = (reply: Reply) => {
  const { client, asked } = scripted(() => reply);
  return { store: s3Store(client, { bucket: "acme" }), asked };
};
const thrown = async (promise: Promise<unknown>): Promise<Error & { hint: string }> => {
  const outcome = await promise.then(
    () => undefined,
    (error) => error,
  );
  expect(outcome).toBeInstanceOf(Error);
  return outcome;
};

describe("what S3 refuses", () => {
  test("a denied call names the action and the key, and points at the role", async () => {
    const { store } = answering({ status: 403, body: errorBody("AccessDenied") });
    const at = { key: "backups/shop/a", version: "v1" };
    const errors = [
      [await thrown(collect(store.read.read(at))), "s3:GetObject"],
      [await thrown(store.create.create(at.key, inChunks(bytesOf(1)), context())), "s3:PutObject"],
      [await thrown(store.mark.mark(at, { garbage: true })), "s3:PutObjectVersionTagging"],
      [await thrown(collect(store.list.list("backups/shop/a") as never)), "s3:ListBucketVersions"],
    ] as const;
    for (const [error, action] of errors) {
      expect(error).toBeInstanceOf(StoreDenied);
      expect(error.message).toBe(`${action} on acme/backups/shop/a was denied (AccessDenied)`);
      expect(error.hint).toContain("role");
      expect(error.hint).toContain(action);
    }
  });

  test("keys and tokens do not reach the error, whatever the store quotes", async () => {
    const quoting =
      "<AWSAccessKeyId>AKIDSCRIPTED</AWSAccessKeyId><CanonicalRequest>x-amz-security-token:verysecrettoken</CanonicalRequest>";
    const { store, asked } = answering({ status: 403, body: errorBody("SignatureDoesNotMatch", quoting) });
    const error = await thrown(collect(store.read.read({ key: "k" })));
    expect(asked[0]?.headers["x-amz-security-token"]).toBe("verysecrettoken");
    expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/verysecret|AKIDSCRIPTED/);
    expect(error.hint).toContain("secret access key");
  });

  test.each([301, 302, 307, 308])("a redirect (%i) is not followed and names region and endpoint", async (status) => {
    const { store, asked } = answering({
      status,
      headers: { location: "https://elsewhere.example/acme/k" },
      body: errorBody("PermanentRedirect", "<Endpoint>elsewhere.example</Endpoint>"),
    });
    const error = await thrown(collect(store.read.read({ key: "k" })));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.hint).toMatch(/region.*endpoint/);
    expect(asked).toHaveLength(1);
  });

  test("a bucket that is missing is not an object that is missing", async () => {
    const { store } = answering({ status: 404, body: errorBody("NoSuchBucket") });
    const error = await thrown(collect(store.read.read({ key: "k" })));
    expect(error).not.toBeInstanceOf(ObjectMissing);
    expect(error.message).toContain("acme");
  });

  test.each([
    [403, "QuotaExceeded", "Your request was denied due to quota exceeded."],
    [400, "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded"],
    [507, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold."],
    [507, "EntityTooLarge", "bucket quota exceeded"],
    [507, "NoSpace", "disk full"],
    [403, "QUOTA_EXCEEDED", "full"],
    [403, "StorageLimitExceeded", "full"],
    [403, "AccessDenied", "Cannot upload files, storage cap exceeded."],
  ])(
    "a store that is full says so in its own way (%i %s), and that is neither a missing right nor a large object",
    async (status, code, message) => {
      const { store } = answering({ status, body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>` });
      for (const size of [1, 9 * 2 ** 20]) {
        const error = await thrown(store.create.create("k", inChunks(bytesOf(size), 2 ** 20), context()));
        expect(error).toBeInstanceOf(StoreUnavailable);
        expect(error.message).toContain("full");
        expect(error.hint).toContain("quota");
      }
    },
  );

  test.each([400, 403])("keys that ended (%i) are told as such", async (status) => {
    const { store } = answering({ status, body: errorBody("ExpiredToken") });
    const error = await thrown(store.create.create("k", inChunks(bytesOf(1)), context()));
    expect(error).toBeInstanceOf(StoreDenied);
    expect(error.hint).toMatch(/keys have ended/);
  });

  test("a clock that is too far off is said to be", async () => {
    const { store } = answering({ status: 403, body: errorBody("RequestTimeTooSkewed") });
    const error = await thrown(store.create.create("k", inChunks(bytesOf(1)), context()));
    expect(error).toBeInstanceOf(StoreDenied);
    expect(error.hint).toMatch(/clock.*set it right/);
  });

  test("a version that is a delete marker (405) is missing", async () => {
    const { store } = answering({ status: 405, headers: { "x-amz-delete-marker": "true" }, body: errorBody("MethodNotAllowed") });
    expect(await thrown(collect(store.read.read({ key: "k", version: "v" })))).toBeInstanceOf(ObjectMissing);
    expect(await store.read.head({ key: "k", version: "v" })).toBeUndefined();
  });

  test("what the SDK tried again and failed is StoreUnavailable with its name", async () => {
    const { client, asked } = scripted(() => ({ status: 503, body: errorBody("SlowDown") }), 3);
    const error = await thrown(collect(s3Store(client, { bucket: "acme" }).read.read({ key: "k" })));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toContain("SlowDown (503)");
    expect(asked).toHaveLength(3);
  });

  test("a connection that breaks is StoreUnavailable", async () => {
    const { client } = scripted(() => Promise.reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })));
    const error = await thrown(s3Store(client, { bucket: "acme" }).read.head({ key: "k" }));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.cause).toMatchObject({ message: "connect ECONNREFUSED" });
  });

  test("head goes without the mark where the role may not see tags", async () => {
    const { client } = scripted(({ call }) =>
      call === "HEAD" ? { headers: { "content-length": "5", "x-amz-version-id": "v1" } } : { status: 403, body: errorBody("AccessDenied") },
    );
    const found = await s3Store(client, { bucket: "acme" }).read.head({ key: "k" });
    expect(found).toMatchObject({ bytes: 5, version: "v1" });
    expect(found).not.toHaveProperty("mark");
  });
});
