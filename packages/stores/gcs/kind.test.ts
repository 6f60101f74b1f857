import { generateKeyPairSync } from "node:crypto";
import { SecretUnusable, tokenFor } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { nobody } from "../../../test/kit/identity.ts";
import { stores } from "../stores.ts";
import { gcs } from "./kind.ts";
import { open } from "./open.ts";
import { gcsPermissions, permissionsOf } from "./permissions.ts";

const bucket = "acme-backups";
const audience = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/holdfast/providers/aws";
const federation = { audience };

describe("the kind gcs", () => {
  test("stands in the one list", () => {
    expect(stores.gcs).toEqual({ kind: gcs, folder: "packages/stores/gcs" });
  });

  test("takes a bucket and who asks, and says what it takes for granted", () => {
    expect(gcs.config.parse({ bucket, federation })).toEqual({ bucket, federation: { audience, provider: "aws" }, limits: {} });
    const account = {
      bucket,
      federation: { audience, provider: "oidc", serviceAccount: "copy@acme.iam.gserviceaccount.com" },
      location: "eu",
      locks: false,
    };
    expect(gcs.config.parse(account)).toMatchObject(account);
  });

  test.each([
    [{ bucket: "A", federation }, "bucket"],
    [{ bucket }, ""],
    [{ bucket, federation, credentials: "gcs/key" }, ""],
    [{ bucket, federation: { audience: "holdfast/aws" } }, "federation.audience"],
    [{ bucket, federation: { audience: `https:${audience}` } }, "federation.audience"],
    [{ bucket, federation: { audience, serviceAccount: "copy" } }, "federation.serviceAccount"],
    [{ bucket, federation, endpoint: "storage.googleapis.com" }, "endpoint"],
    [{ bucket, federation, endpoint: "http://storage.googleapis.com" }, "endpoint"],
    [{ bucket, federation, endpoint: "https://storage.example.com" }, "endpoint"],
    [{ bucket, federation, endpoint: "https://notgoogleapis.com" }, "endpoint"],
    [{ bucket, federation, endpoint: "http://127.0.0.1.example.com" }, "endpoint"],
    [{ bucket, endpoint: "https://storage.googleapis.com" }, ""],
    [{ bucket, federation, buckets: 1 }, ""],
    [{ bucket, federation, limits: { maxParts: 0 } }, "limits.maxParts"],
  ])("refuses %o and names the path", (config, path) => {
    const { error } = gcs.config.safeParse(config);
    expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });

  test("a server on this machine may be asked by nobody, over plain http", () => {
    expect(gcs.config.safeParse({ bucket, endpoint: "http://127.0.0.1:4443" }).success).toBe(true);
    expect(gcs.config.safeParse({ bucket, federation, endpoint: "https://storage.europe-west3.rep.googleapis.com" }).success).toBe(true);
  });

  test("needs of AWS at most its JWT, and its secret only where it has one", () => {
    expect(gcs.needs(["create", "mark"], gcs.config.parse({ bucket, federation }), "copy")).toEqual({ secrets: [], allow: [] });
    const oidc = gcs.config.parse({ bucket, federation: { audience, provider: "oidc" } });
    expect(gcs.needs(["list"], oidc, "mark").allow).toEqual([tokenFor([`https:${oidc.federation?.audience}`])]);
    expect(gcs.needs(["read"], gcs.config.parse({ bucket, credentials: "gcs/key" }), "read")).toEqual({ secrets: ["gcs/key"], allow: [] });
  });

  test("no right brings a permission to delete, and neither writing nor marking brings one to read", () => {
    const all = Object.values(gcsPermissions).flat();
    expect(all.filter((permission) => /delete|override|setIamPolicy|\*/.test(permission))).toEqual([]);
    for (const right of ["create", "ranges", "mark", "list"] as const) expect(gcsPermissions[right]).not.toContain("storage.objects.get");
  });
});

test("each use has what it does and no more: only reading reads", () => {
  expect(permissionsOf.copy).toEqual(
    expect.arrayContaining(["storage.objects.create", "storage.objects.list", "storage.multipartUploads.create"]),
  );
  expect(permissionsOf.mark).toEqual(["storage.objects.list", "storage.objects.setRetention", "storage.objects.update"]);
  expect(permissionsOf.read).toEqual(["storage.objects.get", "storage.objects.list"]);
  expect([...permissionsOf.copy, ...permissionsOf.mark]).not.toContain("storage.objects.get");
});

test("each use may have a secret or an account of its own, and each secret is named for it", () => {
  const credentials = { copy: "gcs/copy", mark: "gcs/mark", read: "gcs/read" };
  for (const use of ["copy", "mark", "read"] as const)
    expect(gcs.needs(["list"], gcs.config.parse({ bucket, credentials }), use).secrets).toEqual([`gcs/${use}`]);
  expect(gcs.config.safeParse({ bucket, credentials: { copy: "gcs/copy" } }).success).toBe(false);
});

test("says where it is in Google's words, and a server on this machine is here", () => {
  expect(gcs.place(gcs.config.parse({ bucket, federation, location: "EU" }), "")).toEqual({
    cloud: "google",
    region: "EU",
    field: "location",
  });
  expect(gcs.place(gcs.config.parse({ bucket, federation }), "eu-central-1").region).toBeUndefined();
  expect(gcs.place(gcs.config.parse({ bucket, endpoint: "http://127.0.0.1:4443" }), "").cloud).toBe("local");
});

describe("opening it", () => {
  const opening = (config: object, secret = "") =>
    open(gcs.config.parse({ bucket, ...config }), {
      secrets: async () => secret,
      region: "eu-central-1",
      identity: nobody,
      use: "copy",
      now: () => new Date(),
    });
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const key = {
    type: "service_account",
    client_email: "copy@acme.iam.gserviceaccount.com",
    private_key: privateKey,
    private_key_id: "hush",
  };

  test("has locks at Google, and elsewhere only where the plan says so; nothing thaws", async () => {
    const google = await opening({ federation });
    expect([google.mark.lockUntil, google.thaw]).toEqual([expect.any(Function), undefined]);
    expect((await opening({ federation, locks: false })).mark.lockUntil).toBeUndefined();
    expect((await opening({ endpoint: "http://127.0.0.1:1" })).mark.lockUntil).toBeUndefined();
    expect((await opening({ endpoint: "http://127.0.0.1:1", locks: true })).mark.lockUntil).toEqual(expect.any(Function));
  });

  test("knows Google's limits, and the tighter ones of the plan", async () => {
    const { limits } = (await opening({ federation, limits: { maxParts: 100 } })).ranges;
    expect(limits).toMatchObject({ maxParts: 100, minPart: 5_242_880, maxObject: 5 * 2 ** 40, sum: "crc32c" });
  });

  test("takes a service account's key", async () => {
    await expect(opening({ credentials: "gcs/key" }, JSON.stringify(key))).resolves.toBeDefined();
  });

  test.each([
    "",
    "hush",
    '{"type": "hush"}',
    JSON.stringify({ ...key, private_key: "hush" }),
    JSON.stringify({ ...key, client_email: "hush" }),
    JSON.stringify({ ...key, type: "authorized_user" }),
  ])("the secret %# is unusable, and is not quoted", async (secret) => {
    const error = await opening({ credentials: "gcs/key" }, secret).then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(SecretUnusable);
    expect(`${error.message} ${error.hint} ${error.cause}`).not.toContain("hush");
    expect(error.message).toContain("gcs/key");
  });
});
