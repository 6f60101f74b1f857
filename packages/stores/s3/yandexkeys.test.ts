import { inspect } from "node:util";
import type { Identity } from "@holdfast/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Answered, fakeExchange, type FakeExchange } from "./kit/fakests.ts";
import { yandexKeys } from "./yandexkeys.ts";

const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyb2xlIn0.c2lnbmF0dXJl";
const time = Date.UTC(2026, 10, 21);
const lent: Answered = { body: JSON.stringify({ access_token: "t1.verysecret", token_type: "Bearer", expires_in: 43_200 }) };
const made: Answered = {
  body: JSON.stringify({
    accessKeyId: "abc",
    secret: "YCverysecret",
    sessionToken: "s1.verysecret",
    expiresAt: "2026-11-21T01:00:00.123456789Z",
  }),
};
let [auth, keys]: [FakeExchange, FakeExchange] = [undefined as never, undefined as never];
let answers: { auth: Answered; keys: Answered };
beforeEach(async () => {
  answers = { auth: lent, keys: made };
  auth = await fakeExchange(() => answers.auth);
  keys = await fakeExchange(() => answers.keys);
});
afterEach(() => Promise.all([auth.close(), keys.close()]));

const identity: Identity = {
  token: async (audience) => (audience === "acme" ? jwt : "for another audience"),
  callerIdentity: () => Promise.reject(new Error("not asked")),
};
const account = "aje00000000000000000";
const get = () =>
  yandexKeys(
    { serviceAccount: account, audience: "acme", session: "holdfast-copy" },
    identity,
    { now: () => new Date(time), wait: async () => {} },
    { auth: auth.address, keys: `${keys.address}iam/aws-compatibility/v1/ephemeralAccessKeys` },
  );

test("a JWT is exchanged for a token of the service account, and that for ephemeral keys of an hour, as documented", async () => {
  expect(await get()).toEqual({
    ...{ accessKeyId: "abc", secretAccessKey: "YCverysecret", sessionToken: "s1.verysecret" },
    ...{ from: time, until: Date.parse("2026-11-21T01:00:00.123Z") },
  });
  expect(Object.fromEntries(auth.arrived[0]?.form ?? [])).toEqual({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    audience: account,
    subject_token: jwt,
    subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
  });
  const [{ path, headers, body } = expect.fail()] = keys.arrived;
  expect(path).toBe("/iam/aws-compatibility/v1/ephemeralAccessKeys");
  expect(headers).toMatchObject({ authorization: "Bearer t1.verysecret", "content-type": "application/json" });
  expect(JSON.parse(body)).toEqual({ sessionName: "holdfast-copy", duration: "3600s" });
});

const refused = (body: object, status = 401): Answered => ({ status, body: JSON.stringify(body) });
test.each([
  ["auth", refused({ error: "invalid_grant", error_description: `bad ${jwt}` }), "invalid_grant", /external subject is the ARN/],
  ["auth", { status: 400, body: "no" }, "HTTP 400", /audience acme/],
  ["keys", refused({ code: 7, message: "Permission denied", details: [] }, 403), "HTTP 403", /Object Storage/],
] as const)("what %s refuses is told with a hint, and no token", async (which, answer, code, hint) => {
  answers[which] = answer;
  const error = await get().catch((thrown) => thrown);
  expect(error).toMatchObject({ name: "StoreDenied", message: expect.stringContaining(`(${code})`) });
  expect(error.hint).toMatch(hint);
  expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/eyJ|verysecret/);
});

test.each([
  ["auth", { body: "<html>" }],
  ["keys", { body: JSON.stringify({ accessKeyId: "abc" }) }],
  ["keys", { body: made.body.replace("2026-11-21T01", "2026-11-20T01") }],
] as const)("an answer of %s that is none (%o) is StoreUnavailable, and quotes nothing", async (which, answer) => {
  answers[which] = answer;
  const error = await get().catch((thrown) => thrown);
  expect(error).toMatchObject({ name: "StoreUnavailable" });
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain("verysecret");
});
