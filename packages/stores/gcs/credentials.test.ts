import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { type Identity, IdentityRefused, type Store, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { bytesOf, context, inChunks, keysOf } from "../contract/subject.ts";
import { keptAccess } from "./access.ts";
import { federated } from "./federation.ts";
import { hostsOf, lineTo } from "./gcs.ts";
import { gcs } from "./kind.ts";
import { oauthError } from "./kit/fakegcs/identities.ts";
import { json } from "./kit/fakegcs/reply.ts";
import { type FakeGcs, fakeGcs } from "./kit/fakegcs/server.ts";
import { role, secrets } from "./kit/role.ts";
import { everything, opened, part, storeOn } from "./kit/subject.ts";
import { open } from "./open.ts";

const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

async function google(): Promise<FakeGcs> {
  const fake = await fakeGcs();
  onTestFinished(() => fake.stop());
  Object.assign(fake.identities, { permissions: everything, accountKey: keys.publicKey });
  return fake;
}
/** As a plan would have it opened; a server on this machine stands for all of Google's. */
const opening = (
  fake: FakeGcs,
  more: object,
  { identity = role, secret = "" }: { identity?: Identity; secret?: string } = {},
): Promise<Store> =>
  open(gcs.config.parse({ bucket: fake.bucket.name, endpoint: fake.origin, ...more }), {
    secrets: async () => secret,
    region: "eu-central-1",
    identity,
    use: "copy",
    now: () => new Date(),
  });
const create = (store: Store, key = "k", bytes = 10) => store.create.create(key, inChunks(bytesOf(bytes)), context());
const calls = ({ asked }: FakeGcs, call: string) => asked.filter((one) => one.call === call).length;
const federation = ({ identities: { audience } }: FakeGcs) => ({ federation: { audience } });
const thrown = async (doing: Promise<unknown>) => {
  const error = await doing.then(
    () => undefined,
    (error) => error,
  );
  expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/verysecret|PRIVATE KEY/);
  return error;
};

describe("the role that runs, at Google", () => {
  test("gets a token of the pool for a signed question to AWS, for storage alone, and only when something is asked for", async () => {
    const fake = await google();
    const store = await opening(fake, federation(fake));
    expect(fake.asked).toEqual([]);
    await create(store, "a");
    await create(store, "b");
    expect(calls(fake, "POST sts")).toBe(1);
    const form = new URLSearchParams(fake.asked[0]?.body.toString());
    expect(form.get("scope")).toBe("https://www.googleapis.com/auth/devstorage.full_control");
    expect(fake.asked[0]?.headers.authorization).toBeUndefined();
  });

  test("acts as a service account where the plan names one, and the pool's own token may do no more than that", async () => {
    const fake = await google();
    const serviceAccount = fake.identities.account;
    await create(await opening(fake, { federation: { audience: fake.identities.audience, serviceAccount } }));
    expect(fake.asked.map(({ call }) => call)).toEqual(["POST sts", "POST account", "POST multipart"]);
    expect(fake.asked.at(-1)?.headers.authorization).toMatch(/account/);
  });

  test("is told by a JWT where the provider trusts AWS's own issuer, for that provider and no other", async () => {
    const fake = await google();
    const { audience } = fake.identities;
    const asked: [string, number][] = [];
    const identity: Identity = {
      token: (...args) => {
        asked.push(args);
        return role.token(...args);
      },
      callerIdentity: () => Promise.reject(new Error("nobody needs a signature")),
    };
    await create(await opening(fake, { federation: { audience, provider: "oidc" } }, { identity }));
    expect(asked).toEqual([[`https:${audience}`, 300]]);
    fake.faults.push({
      call: "POST sts",
      answer: oauthError("invalid_grant", `The JWT ${await role.token(`https:${audience}`, 1)} is not signed`),
    });
    expect(await thrown(create(await opening(fake, { federation: { audience, provider: "oidc" } }), "l"))).toBeInstanceOf(StoreDenied);
    const elsewhere = { ...role, token: () => role.token("https://other", 300) };
    expect(
      await thrown(create(await opening(fake, { federation: { audience, provider: "oidc" } }, { identity: elsewhere }), "m")),
    ).toBeInstanceOf(StoreDenied);
  });

  test("asks once where many ask at once", async () => {
    const fake = await google();
    const store = await opening(fake, federation(fake));
    await Promise.all(Array.from({ length: 8 }, (_, i) => create(store, `k${i}`)));
    expect(calls(fake, "POST sts")).toBe(1);
  });

  test.each([
    ["invalid_target", "The target service indicated by the audience parameter is invalid.", /audience/],
    ["unauthorized_client", "The given credential is rejected by the attribute condition.", /condition/],
    ["invalid_grant", "Signature not yet current: 20261121T120000Z is later than", /clock/],
    [
      "invalid_grant",
      `Received invalid AWS response: SignatureDoesNotMatch ${secrets.signature} x-amz-security-token:${secrets.session}`,
      /AWS/,
    ],
    ["invalid_request", "whatever it is", /attribute\.aws_role/],
  ])("is refused (%s, %s) with what to do, and nothing of the signature is told", async (error, description, hint) => {
    const fake = await google();
    fake.faults.push({ call: "POST sts", answer: oauthError(error, description) });
    const refused = await thrown(create(await opening(fake, federation(fake))));
    expect(refused).toBeInstanceOf(StoreDenied);
    expect(refused.message).toContain(error);
    expect(refused.hint).toMatch(hint);
  });

  test("is refused for another provider than the one that was signed for", async () => {
    const fake = await google();
    const audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/other/providers/aws";
    const refused = await thrown(create(await opening(fake, { federation: { audience } })));
    expect(refused.message).toContain(audience);
  });

  test("that may not act as the account is told which role it lacks; an account that is missing is named", async () => {
    const fake = await google();
    const { audience, account: serviceAccount } = fake.identities;
    const denied = json(403, {
      error: { code: 403, status: "PERMISSION_DENIED", message: "Permission 'iam.serviceAccounts.getAccessToken' denied" },
    });
    fake.faults.push({ call: "POST account", answer: denied });
    const refused = await thrown(create(await opening(fake, { federation: { audience, serviceAccount } })));
    expect([refused.name, refused.hint]).toEqual(["StoreDenied", expect.stringContaining("workloadIdentityUser")]);
    const nobody = await thrown(
      create(await opening(fake, { federation: { audience, serviceAccount: "nobody@acme.iam.gserviceaccount.com" } })),
    );
    expect(nobody.hint).toContain("serviceAccount");
  });

  test("that AWS itself does not know is refused by AWS's own error", async () => {
    const fake = await google();
    const refusal = new IdentityRefused("no", "Why.");
    const identity = { ...role, callerIdentity: () => Promise.reject(refusal) };
    expect(await thrown(create(await opening(fake, federation(fake), { identity })))).toBe(refusal);
  });

  test("does not send a signature over a body, which Google would not pass on", async () => {
    const fake = await google();
    const identity: Identity = {
      ...role,
      callerIdentity: async (...args) => ({ ...(await role.callerIdentity(...args)), body: "Action=GetCallerIdentity" }),
    };
    expect(await thrown(create(await opening(fake, federation(fake), { identity })))).toBeInstanceOf(IdentityRefused);
    expect(fake.asked).toEqual([]);
  });

  test("tries again when Google is busy, and gives up as unavailable", async () => {
    const { fake } = await opened();
    Object.assign(fake.identities, { permissions: everything });
    const line = { ...lineTo(hostsOf(fake.origin, true)), pause: async () => {} };
    const store = storeOn(fake, {
      access: keptAccess(federated(line, { audience: fake.identities.audience, provider: "aws" }, role, "eu-central-1")),
    });
    fake.faults.push({ call: "POST sts", answer: { status: 503, body: "busy" }, times: 2 });
    await create(store);
    fake.identities.expire(fake.identities.issued.at(-1) ?? "");
    fake.faults.push({ call: "POST sts", answer: { status: 503, body: "busy" }, times: 6 });
    expect(await thrown(create(store, "l"))).toBeInstanceOf(StoreUnavailable);
    fake.faults.push({ call: "POST sts", reset: "before", times: 6 });
    expect(await thrown(create(store, "l"))).toBeInstanceOf(StoreUnavailable);
  });

  test("whose answer is no token is refused", async () => {
    for (const call of ["POST sts", "POST account"]) {
      const fake = await google();
      fake.faults.push({ call, answer: { status: 200, body: "<html>proxy</html>" } });
      const { audience, account: serviceAccount } = fake.identities;
      expect(await thrown(create(await opening(fake, { federation: { audience, serviceAccount } })))).toBeInstanceOf(StoreDenied);
    }
  });
});

describe("a token", () => {
  test("that ends in the middle of a copy is replaced, and nothing is sent twice", async () => {
    const fake = await google();
    const store = await opening(fake, federation(fake));
    const body = bytesOf(3 * part);
    const { ranges } = storeOn(fake, { access: keptAccess(async () => ({ token: fake.identities.issue(everything), seconds: 3_600 })) });
    const upload = await ranges.begin("parts", body.length);
    const sent = [];
    for (const n of [1, 2, 3]) {
      for (const token of fake.identities.issued) fake.identities.expire(token);
      sent.push(await ranges.put(upload, n, inChunks(body.subarray((n - 1) * part, n * part)), context()));
    }
    expect(await ranges.commit(upload, sent)).toMatchObject({ bytes: body.length });
    await create(store, "a");
    fake.identities.expire(fake.identities.issued.at(-1) ?? "");
    await create(store, "b");
    expect(calls(fake, "POST sts")).toBe(2);
    expect(await keysOf(store, "")).toEqual(["a", "b", "parts"]);
  });

  test("whose successor is refused too is StoreDenied, without asking for ever", async () => {
    const fake = await google();
    const store = await opening(fake, federation(fake));
    fake.faults.push({
      call: "POST multipart",
      answer: json(401, { error: { code: 401, errors: [{ reason: "authError" }] } }),
      times: 100,
    });
    expect(await thrown(create(store))).toBeInstanceOf(StoreDenied);
    expect(calls(fake, "POST sts")).toBe(2);
    expect(calls(fake, "POST multipart")).toBe(2);
  });

  test("whose renewal is refused in the middle says so", async () => {
    const fake = await google();
    const store = await opening(fake, federation(fake));
    await create(store, "a");
    fake.identities.expire(fake.identities.issued.at(-1) ?? "");
    fake.faults.push({ call: "POST sts", answer: oauthError("invalid_target", "disabled") });
    expect((await thrown(create(store, "b"))).message).toContain("invalid_target");
    await create(store, "b");
  });

  test("is replaced five minutes before its end, so that no request outlives it", async () => {
    let elapsed = 0;
    let issued = 0;
    const access = keptAccess(
      async () => ({ token: `t${++issued}`, seconds: 3_600 }),
      () => elapsed,
    );
    const seen = [];
    for (elapsed of [0, 3_299_999, 3_300_000, 6_599_999, 6_600_000]) seen.push(await access.token());
    expect(seen).toEqual(["t1", "t1", "t2", "t2", "t3"]);
    access.refused("t1");
    expect(await access.token()).toBe("t3");
    access.refused("t3");
    expect(await access.token()).toBe("t4");
  });

  test("that lives for seconds only is used for half of them; one that could not be had is asked for again", async () => {
    let elapsed = 0;
    let issued = 0;
    const access = keptAccess(
      async () => {
        if (++issued === 1) throw new Error("no");
        return { token: `t${issued}`, seconds: 60 };
      },
      () => elapsed,
    );
    await expect(access.token()).rejects.toThrow("no");
    const seen = [];
    for (elapsed of [0, 29_999, 30_000]) seen.push(await access.token());
    expect(seen).toEqual(["t2", "t2", "t3"]);
  });
});

describe("a service account's key", () => {
  const file = (fake: FakeGcs, more: object = {}) =>
    JSON.stringify({
      type: "service_account",
      client_email: fake.identities.account,
      private_key: keys.privateKey,
      private_key_id: "k1",
      token_uri: "https://elsewhere.example/token",
      ...more,
    });

  test("signs in, by Google's clock, at Google and not where the file says", async () => {
    const fake = await google();
    await create(await opening(fake, { credentials: "gcs/key" }, { secret: file(fake) }));
    expect(fake.asked.map(({ call }) => call)).toEqual(["GET oauth", "POST oauth", "POST multipart"]);
  });

  test("of another account is refused with what to do", async () => {
    const fake = await google();
    const other = file(fake, { client_email: "other@acme.iam.gserviceaccount.com" });
    const refused = await thrown(create(await opening(fake, { credentials: "gcs/key" }, { secret: other })));
    expect(refused).toBeInstanceOf(StoreDenied);
    expect(refused.hint).toContain("gcs/key");
    fake.faults.push({ call: "POST oauth", answer: oauthError("invalid_grant", "Invalid grant: account not found") });
    expect((await thrown(create(await opening(fake, { credentials: "gcs/key" }, { secret: file(fake) })))).hint).toContain(
      "gone or disabled",
    );
  });

  test("cannot be used where nobody says what time it is", async () => {
    const { fake } = await opened();
    const { byKey } = await import("./serviceaccount.ts");
    const line = { ...lineTo(hostsOf(fake.origin, true)), pause: async () => {} };
    fake.faults.push({ call: "GET oauth", reset: "before", times: 6 });
    await expect(byKey(line, "gcs/key", file(fake))()).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

test("a server on this machine may be asked by nobody", async () => {
  const fake = await google();
  const store = await opening(fake, {});
  expect(await thrown(create(store))).toBeInstanceOf(StoreDenied);
  expect(fake.asked.map(({ call, headers }) => [call, headers.authorization])).toEqual([["POST multipart", undefined]]);
});
