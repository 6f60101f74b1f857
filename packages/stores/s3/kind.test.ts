import { SecretUnusable, tokenFor, useRights } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { nobody } from "../../../test/kit/identity.ts";
import { stores } from "../stores.ts";
import { allowedFor } from "./actions.ts";
import { s3 } from "./kind.ts";
import { open } from "./open.ts";

const bucket = "acme-backups";
const elsewhere = { bucket, endpoint: "https://storage.example.com", credentials: "copies/key" };

describe("the kind s3", () => {
  test("stands in the one list", () => {
    expect(stores.s3).toEqual({ kind: s3, folder: "packages/stores/s3" });
  });

  test("takes a bucket alone, and says what it takes for granted", () => {
    expect(s3.config.parse({ bucket })).toEqual({ bucket, checksum: "crc32", versions: true, limits: {} });
  });

  test.each([
    [{ bucket: "A" }, "bucket"],
    [{ bucket, endpoint: "storage.example.com", credentials: "k" }, "endpoint"],
    [{ bucket, endpoint: "http://storage.example.com", credentials: "k" }, "endpoint"],
    [{ bucket, endpoint: "https://storage.example.com" }, ""],
    [{ bucket, checksum: "md5" }, "checksum"],
    [{ bucket, buckets: 1 }, ""],
    [{ bucket, limits: { maxParts: 0 } }, "limits.maxParts"],
  ])("refuses %o and names the path", (config, path) => {
    const { error } = s3.config.safeParse(config);
    expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });

  test("takes plain http on this machine only", () => {
    expect(s3.config.safeParse({ ...elsewhere, endpoint: "http://127.0.0.1:8333" }).success).toBe(true);
    expect(s3.config.safeParse({ ...elsewhere, endpoint: "http://127.0.0.1.example.com" }).success).toBe(false);
  });

  test("asks for the actions of each right and for nothing that deletes", () => {
    const config = s3.config.parse({ bucket });
    const actions = (...rights: Parameters<typeof s3.needs>[0]) => s3.needs(rights, config, "copy").allow;
    expect(actions("create")).toEqual([
      { actions: ["s3:ListBucketVersions"], resources: ["arn:aws:s3:::acme-backups"] },
      { actions: ["s3:AbortMultipartUpload", "s3:PutObject"], resources: ["arn:aws:s3:::acme-backups/*"] },
    ]);
    expect(actions("list")).toEqual([{ actions: ["s3:ListBucketVersions"], resources: ["arn:aws:s3:::acme-backups"] }]);
    expect(actions("mark")[0]?.actions).not.toContain("s3:GetObject");
    expect(actions()).toEqual([]);
    const everything = actions("read", "list", "create", "ranges", "mark", "thaw").flatMap((statement) => statement.actions);
    expect(everything).toEqual([...new Set(everything)]);
    expect(everything.filter((action) => /Delete|Bypass|\*/.test(action))).toEqual([]);
  });

  test("without versions it asks for the actions that name none", () => {
    const config = s3.config.parse({ bucket, versions: false });
    const all = s3.needs(["read", "list", "create", "mark"], config, "copy").allow.flatMap((statement) => statement.actions);
    expect(all.filter((action) => action.includes("Version"))).toEqual([]);
    expect(all).toEqual(expect.arrayContaining(["s3:ListBucket", "s3:GetObject", "s3:PutObjectTagging"]));
  });

  test("elsewhere than in AWS what marks may be asked for a right on the object or on a version of it", () => {
    const allowed = (endpoint: string | undefined) =>
      allowedFor(["mark"], { bucket, versions: true, locks: false, endpoint }).flatMap(({ actions }) => actions);
    expect(allowed(undefined)).toEqual(["s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging"]);
    expect(allowed(elsewhere.endpoint)).toEqual([
      "s3:GetObjectTagging",
      "s3:GetObjectVersionTagging",
      "s3:PutObjectTagging",
      "s3:PutObjectVersionTagging",
    ]);
  });

  test("elsewhere than in AWS it needs its secret and no permission of the role", () => {
    expect(s3.needs(["read", "create"], s3.config.parse(elsewhere), "copy")).toEqual({ secrets: ["copies/key"], allow: [] });
  });
});

test("each use may have a key of its own", () => {
  const credentials = { copy: "s3/copy", mark: "s3/mark", read: "s3/read" };
  for (const use of ["copy", "mark", "read"] as const)
    expect(s3.needs(["read"], s3.config.parse({ ...elsewhere, credentials }), use)).toEqual({ secrets: [`s3/${use}`], allow: [] });
  expect(s3.config.safeParse({ ...elsewhere, credentials: { copy: "s3/copy", read: "s3/read" } }).success).toBe(false);
});

describe("a store that takes a JWT of AWS for temporary keys", () => {
  const sts = { sts: "https://sts.example.com", audience: "acme-copies" };
  const federated = (federation: object, more: object = {}) => ({ bucket, endpoint: elsewhere.endpoint, federation, ...more });
  const yandex = { endpoint: "https://storage.yandexcloud.net" };
  const account = { serviceAccount: "aje00000000000000000", audience: "acme-copies" };

  test.each([
    ["an STS", federated(sts)],
    ["an STS and a role", federated({ ...sts, role: "arn:aws:iam:::role/copies" })],
    ["an STS and a role for each use", federated({ ...sts, role: { copy: "c", mark: "m", read: "r" } })],
    ["a service account of Yandex Cloud", federated(account, yandex)],
  ])("by %s: it needs a JWT for the audience and no secret, whatever it is there for", (_, given) => {
    const config = s3.config.parse(given);
    for (const use of ["copy", "mark", "read"] as const)
      expect(s3.needs(useRights[use], config, use)).toEqual({ secrets: [], allow: [tokenFor(["acme-copies"])] });
  });

  test.each([
    [federated(sts, { credentials: "k" }), "federation"],
    [{ bucket, federation: sts }, "federation"],
    [federated({ ...sts, sts: "http://sts.example.com" }), "federation"],
    [federated({ audience: "a" }), "federation"],
    [federated({ sts: sts.sts }), "federation"],
    [federated({ ...sts, role: { copy: "c" } }), "federation"],
    [federated(account), "federation"],
    [federated(account, { endpoint: "https://storage.yandexcloud.kz" }), "federation"],
    [federated({ ...account, serviceAccount: "me" }, yandex), "federation"],
  ])("refuses %o and names the path", (config, path) => {
    const { error } = s3.config.safeParse(config);
    expect(error?.issues.map((issue) => issue.path[0])).toEqual([path]);
  });

  test("who acts there may be named for each use, which synth holds against the uses", () => {
    const role = { copy: "c", prune: "p", read: "r" };
    const account = "a".repeat(20);
    const serviceAccount = { copy: account, prune: account, read: account };
    const yandexStore = federated({ serviceAccount, audience: "a" }, yandex);
    expect(s3.identities?.(s3.config.parse(federated({ ...sts, role })))).toEqual({ at: "federation.role", of: role });
    expect(s3.identities?.(s3.config.parse(yandexStore))).toEqual({ at: "federation.serviceAccount", of: serviceAccount });
    expect(s3.identities?.(s3.config.parse(federated(sts)))).toBeUndefined();
  });

  test("opening it asks for nothing", async () => {
    const secrets = () => Promise.reject(new Error("no secret is asked for"));
    const config = s3.config.parse(federated(sts));
    await open(config, { secrets, region: "eu-central-1", identity: nobody, use: "copy", now: () => new Date() });
  });
});

describe("where it is", () => {
  const at = (more: object) => s3.place(s3.config.parse({ bucket, credentials: "k", ...more }), "eu-central-1");
  test.each([
    [{}, "aws", "eu-central-1"],
    [{ region: "us-east-1" }, "aws", "us-east-1"],
    [{ endpoint: "https://s3.eu-west-3.amazonaws.com", region: "eu-central-1" }, "aws", "eu-west-3"],
    [{ endpoint: "https://s3.dualstack.eu-west-3.amazonaws.com" }, "aws", "eu-west-3"],
    [{ endpoint: "https://storage.yandexcloud.net", region: "eu-central-1" }, "yandex", "ru-central1"],
    [{ endpoint: "https://storage.yandexcloud.kz" }, "yandex", "kz1"],
    [{ endpoint: "https://s3.nl-ams.scw.cloud", region: "fr-par" }, "scaleway", "nl-ams"],
    [{ endpoint: "https://0123abcd.eu.r2.cloudflarestorage.com" }, "cloudflare", "eu"],
    [{ endpoint: "https://0123abcd.r2.cloudflarestorage.com", region: "weur" }, "cloudflare", undefined],
    [{ endpoint: "https://storage.example.com", region: "hel1" }, "other", "hel1"],
    [{ endpoint: "https://s3.eu-west-3.amazonaws.com.example.com" }, "other", undefined],
    [{ endpoint: "http://127.0.0.1:8333", region: "eu-central-1" }, "local", undefined],
  ])("%o: the endpoint says it, and then the plan", (more, cloud, region) => {
    expect(at(more)).toMatchObject({ cloud, region });
  });
});

test("all but R2 carry marks, unless the plan says otherwise", () => {
  const expires = (more: object) => s3.expires(s3.config.parse({ ...elsewhere, ...more }));
  const r2 = "https://0123abcd.eu.r2.cloudflarestorage.com";
  expect([expires({}), expires({ endpoint: r2 }), expires({ endpoint: r2, marks: true }), expires({ marks: false })]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(s3.expires(s3.config.parse({ bucket }))).toBe(true);
});

describe("Cloudflare's R2, known by its endpoint", () => {
  const endpoint = "https://0123abcd.eu.r2.cloudflarestorage.com";
  const credentials = { copy: "r2/copy", prune: "r2/prune", read: "r2/read" };
  test("needs nothing said of how it is different", () => {
    expect(s3.config.parse({ bucket, endpoint, credentials })).toEqual({
      ...{ bucket, endpoint, credentials },
      ...{ region: "auto", checksum: "crc64nvme", versions: false, limits: { equalParts: true } },
    });
  });
  test("may be said to be otherwise", () => {
    const said = { region: "us-east-1", checksum: "none", versions: true, limits: { equalParts: false, maxParts: 9 } };
    expect(s3.config.parse({ bucket, endpoint, credentials, ...said })).toMatchObject(said);
    expect(s3.config.parse({ bucket, endpoint, credentials, limits: { maxParts: 9 } }).limits).toEqual({ equalParts: true, maxParts: 9 });
  });
  test("is no other store that has its name in its own", () => {
    const other = { ...elsewhere, endpoint: "https://0123abcd.r2.cloudflarestorage.com.example.com" };
    expect(s3.config.parse(other)).toMatchObject({ checksum: "crc32", versions: true, limits: {} });
  });
  test("has a key for prune in the place of that for mark", () => {
    const config = s3.config.parse({ bucket, endpoint, credentials });
    expect(s3.identities?.(config)).toEqual({ at: "credentials", of: credentials });
    for (const use of ["copy", "prune", "read"] as const) expect(s3.needs(["list"], config, use).secrets).toEqual([`r2/${use}`]);
    expect(() => s3.needs(["mark"], config, "mark")).toThrow("names nobody who may mark");
    for (const wrong of [
      { ...credentials, mark: "r2/mark" },
      { copy: "c", read: "r" },
    ])
      expect(s3.config.safeParse({ bucket, endpoint, credentials: wrong }).success).toBe(false);
  });
});

test("whoever prunes may delete and list, and neither read nor write", () => {
  const allowed = (config: object) => s3.needs(useRights.prune, s3.config.parse(config), "prune").allow.flatMap(({ actions }) => actions);
  expect(allowed({ bucket, marks: false })).toEqual(["s3:ListBucketVersions", "s3:DeleteObjectVersion", "s3:GetObjectRetention"]);
  expect(allowed({ bucket, marks: false, locks: false, versions: false })).toEqual(["s3:ListBucket", "s3:DeleteObject"]);
});

describe("opening it", () => {
  const opening = (secret: string, config = elsewhere) =>
    open(s3.config.parse(config) as never, {
      secrets: async () => secret,
      region: "eu-central-1",
      identity: nobody,
      use: "copy",
      now: () => new Date(),
    });
  const key = JSON.stringify({ accessKeyId: "id", secretAccessKey: "hush" });

  test("has locks and thaws in AWS, and elsewhere only where the plan says so", async () => {
    const aws = await open(s3.config.parse({ bucket }) as never, {
      secrets: async () => "",
      region: "eu-central-1",
      identity: nobody,
      use: "copy",
      now: () => new Date(),
    });
    expect([aws.mark.lockUntil, aws.thaw]).toEqual([expect.any(Function), expect.any(Object)]);
    const other = await opening(key);
    expect([other.mark.lockUntil, other.thaw]).toEqual([undefined, undefined]);
    const locking = await opening(key, { ...elsewhere, locks: true } as never);
    expect(locking.mark.lockUntil).toEqual(expect.any(Function));
  });

  test("knows the limits of AWS, and the tighter ones of the plan", async () => {
    const tight = await opening(key, { ...elsewhere, checksum: "crc64nvme", limits: { maxParts: 1_000, equalParts: true } } as never);
    expect(tight.ranges.limits).toMatchObject({ maxParts: 1_000, equalParts: true, minPart: 5_242_880, sum: "crc64nvme" });
  });

  test.each(["", "hush", '{"accessKeyId": "hush"}', '{"accessKeyId": "hush", "secretAccessKey": 5}'])(
    "the secret %j is unusable, and is not quoted",
    async (secret) => {
      const error = await opening(secret).then(
        () => undefined,
        (thrown) => thrown,
      );
      expect(error).toBeInstanceOf(SecretUnusable);
      expect(`${error.message} ${error.hint} ${error.cause}`).not.toContain("hush");
      expect(error.message).toContain("copies/key");
    },
  );
});
