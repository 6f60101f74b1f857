import { inspect } from "node:util";
import { type Identity, IdentityRefused, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bytesOf, context, inChunks } from "../contract/subject.ts";
import { type Answered, type Arrived, fakeExchange, type FakeExchange, grantedBody, refusedBody } from "./kit/fakests.ts";
import { type Asked, errorBody, type Reply, scripted } from "./kit/scripted.ts";
import { s3Store } from "./s3.ts";
import { asked, renewed, renewRefused } from "./temporary.ts";
import { webIdentityKeys } from "./webidentity.ts";

const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyb2xlIn0.c2lnbmF0dXJl";
const minute = 60_000;
const hour = 60 * minute;

let time: number;
let waits: number[];
let audiences: [string, number][];
let answer: (arrived: Arrived, nth: number) => Answered | "reset";
let sts: FakeExchange;
const now = () => new Date(time);
const granted = (_: Arrived, nth: number): Answered => ({ body: grantedBody(nth, new Date(time + hour)) });

beforeEach(async () => {
  [time, waits, audiences, answer] = [Date.UTC(2026, 10, 21), [], [], granted];
  sts = await fakeExchange((arrived, nth) => answer(arrived, nth));
});
afterEach(() => sts.close());

const identity: Identity = {
  token: async (audience, seconds) => {
    audiences.push([audience, seconds]);
    return jwt;
  },
  callerIdentity: () => Promise.reject(new Error("not asked")),
};
function keys(as: Identity = identity) {
  const of = { sts: sts.address, audience: "holdfast", role: "arn:aws:iam:::role/copy", session: "holdfast-copy" };
  return renewed(() => webIdentityKeys(of, as, { now, wait: async (ms) => void waits.push(ms) }), now);
}
/** A store whose bucket is a function, as a deployed one asks for its keys. */
function store(bucket: (request: Asked) => Reply, of = keys()) {
  const { client, asked: requests } = scripted(bucket, 1, undefined, asked(of));
  renewRefused(client, of);
  return { store: s3Store(client, { bucket: "acme" }), requests };
}
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );
const found: Reply = { headers: { "content-length": "5", "x-amz-version-id": "v1" } };
const shown = ({ headers }: Asked) => headers["x-amz-security-token"];

test("the exchange is the documented one: a form, the token in the body alone, for the audience of the plan", async () => {
  await keys().current();
  const [{ path, headers, form } = expect.fail()] = sts.arrived;
  expect(path).toBe("/");
  expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
  expect(Object.fromEntries(form)).toEqual({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    DurationSeconds: "3600",
    RoleSessionName: "holdfast-copy",
    RoleArn: "arn:aws:iam:::role/copy",
    WebIdentityToken: jwt,
  });
  expect(audiences).toEqual([["holdfast", 900]]);
});

test("requests are signed with the temporary keys, and all share one exchange, also at the same time", async () => {
  const { store: copies, requests } = store(() => found);
  await Promise.all(Array.from({ length: 5 }, () => copies.read.head({ key: "k" })));
  await copies.read.head({ key: "k" });
  expect(new Set(requests.map(shown))).toEqual(new Set(["verysecretsession-1"]));
  expect(requests[0]?.headers.authorization).toContain("Credential=ASIATEMPORARY1/");
  expect(sts.arrived).toHaveLength(1);
});

test("keys are got anew shortly before their end, in the middle of a long copy", async () => {
  const { store: copies, requests } = store(() => found);
  for (const passed of [0, 54, 2, 54, 2]) {
    time += passed * minute;
    await copies.read.head({ key: "k" });
  }
  const sessions = requests.filter(({ call }) => call === "HEAD").map(shown);
  expect(sessions).toEqual([1, 1, 2, 2, 3].map((nth) => `verysecretsession-${nth}`));
});

test("keys that live no longer than a token are used for half of their time at least, not asked for with each request", async () => {
  answer = (_, nth) => ({ body: grantedBody(nth, new Date(time + 4 * minute)) });
  const short = keys();
  for (const passed of [0, 1.9, 0.2]) {
    time += passed * minute;
    await short.current();
  }
  expect(sts.arrived).toHaveLength(2);
});

test.each([
  ["ExpiredToken", 400],
  ["ExpiredToken", 403],
  ["InvalidAccessKeyId", 403],
])("keys that the store takes no more (%s, %i) in the middle of a copy are replaced, and the part goes again", async (code, status) => {
  const gone: string[] = [];
  const { store: copies, requests } = store((request) =>
    gone.includes(shown(request) ?? "") ? { status, body: errorBody(code) } : { headers: { etag: '"e"' } },
  );
  await copies.create.create("a", inChunks(bytesOf(10)), context());
  [time, gone[0]] = [time + 2 * minute, "verysecretsession-1"];
  await copies.create.create("b", inChunks(bytesOf(10)), context());
  expect(requests.map(shown)).toEqual([1, 1, 2].map((nth) => `verysecretsession-${nth}`));
});

test("a HEAD is refused without a word, so that new keys are tried once, and only where the old ones have an age", async () => {
  const { store: copies, requests } = store(() => ({ status: 403 }));
  expect(await thrown(copies.read.head({ key: "k" }))).toBeInstanceOf(StoreDenied);
  time += 2 * minute;
  expect(await thrown(copies.read.head({ key: "k" }))).toBeInstanceOf(StoreDenied);
  expect(requests).toHaveLength(3);
  expect(sts.arrived).toHaveLength(2);
});

test("what the role may not do is not tried with other keys", async () => {
  const { store: copies, requests } = store(() => ({ status: 403, body: errorBody("AccessDenied") }));
  await copies.create.create("k", inChunks(bytesOf(1)), context()).catch(() => {});
  time += 10 * minute;
  expect(await thrown(copies.create.create("k", inChunks(bytesOf(1)), context()))).toBeInstanceOf(StoreDenied);
  expect(requests).toHaveLength(2);
});

test("an exchange that is out of order harms nobody while the keys last, and is tried again later", async () => {
  const kept = keys();
  await kept.current();
  time += 56 * minute;
  answer = () => ({ status: 503, body: "" });
  expect((await kept.current()).accessKeyId).toBe("ASIATEMPORARY1");
  expect(sts.arrived).toHaveLength(6);
  await kept.current();
  expect(sts.arrived).toHaveLength(6);
  time += 5 * minute;
  expect(await thrown(kept.current())).toBeInstanceOf(StoreUnavailable);
  answer = granted;
  expect((await kept.current()).accessKeyId).toMatch(/ASIATEMPORARY1\d/);
});

test("what waits for keys that are refused is told so, also a write: it was never sent", async () => {
  answer = () => ({ status: 403, body: refusedBody("AccessDenied") });
  const { store: copies, requests } = store(() => found);
  expect(await thrown(copies.create.create("k", inChunks(bytesOf(10)), context()))).toBeInstanceOf(StoreDenied);
  expect(await thrown(copies.create.create("k", inChunks(bytesOf(9 * 2 ** 20)), context()))).toBeInstanceOf(StoreDenied);
  expect(requests).toEqual([]);
});

test.each([
  [403, "AccessDenied", /trust policy of arn:aws:iam:::role\/copy.*for holdfast/],
  [400, "InvalidIdentityToken", /issuer that AWS shows.*holdfast as its client id/],
  [403, "IDPRejectedClaim", /issuer/],
  [400, "InvalidParameterValue", /issuer/],
  [400, "ExpiredTokenException", /clock/],
  [404, "NoSuchEntity", /federation\.role/],
  [400, "Other", /own log/],
])("refused with %i %s, it says what to look at, and quotes no token", async (status, code, hint) => {
  answer = () => ({ status, body: refusedBody(code, `token ${jwt} is not right\nverysecret`) });
  const error = await thrown(keys().current());
  expect(error).toMatchObject({
    name: "StoreDenied",
    message: `the store's STS at 127.0.0.1:${new URL(sts.address).port} refused the token exchange (${code})`,
  });
  expect(error.hint).toMatch(hint);
  expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/eyJ|verysecret/);
  expect(sts.arrived).toHaveLength(1);
});

test.each([
  [12, "12 minutes behind"],
  [-12, "12 minutes ahead of"],
])("a clock that is off by %i minutes is named instead", async (minutes, words) => {
  const date = new Date(time - minutes * minute).toUTCString();
  answer = () => ({ status: 400, headers: { date }, body: refusedBody("ExpiredTokenException") });
  expect((await thrown(keys().current())).hint).toContain(words);
});

test("keys end by the clock of who gave them, so one that is behind does not use them for longer", async () => {
  const theirs = new Date(time + 30 * minute);
  answer = (_, nth) => ({ headers: { date: theirs.toUTCString() }, body: grantedBody(nth, new Date(theirs.getTime() + hour)) });
  expect((await keys().current()).until).toBe(time + hour);
});

test("a service that cannot ask AWS for its keys is unavailable, not denied", async () => {
  answer = () => ({ status: 400, body: refusedBody("IDPCommunicationError") });
  expect(await thrown(keys().current())).toMatchObject({ name: "StoreUnavailable", hint: expect.stringContaining("https") });
});

test("trouble that passes is waited out as long as the service asks, with a token of its own each time", async () => {
  answer = (arrived, nth) =>
    nth === 1 ? { status: 503, headers: { "retry-after": "7" }, body: "" } : nth === 2 ? "reset" : granted(arrived, nth);
  await keys().current();
  expect(waits).toEqual([7_000, 1_000]);
  expect(audiences).toHaveLength(3);
});

test.each([
  [{ status: 200, body: "<html>hello</html>" }],
  [{ status: 200, body: grantedBody(1, new Date(Date.UTC(2026, 10, 20))) }],
  [{ status: 307, headers: { location: "https://elsewhere.example.com/" }, body: "" }],
  [{ status: 503, headers: { "retry-after": "600" }, body: "" }],
])("an answer that is none (%#) is StoreUnavailable", async (said) => {
  answer = () => said;
  const error = await thrown(keys().current());
  expect(error).toBeInstanceOf(StoreUnavailable);
  expect(sts.arrived).toHaveLength(1);
});

test("an identity that AWS refuses is passed on, and nobody is asked", async () => {
  const error = new IdentityRefused("no", "why");
  expect(await thrown(keys({ ...identity, token: () => Promise.reject(error) }).current())).toBe(error);
  expect(sts.arrived).toEqual([]);
});
