import http from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { type Identity, IdentityRefused, ObjectExists, StoreDenied, StoreUnavailable } from "@holdfast/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bytesOf, context, inChunks } from "../contract/subject.ts";
import { azureStore } from "./azure.ts";
import { bearer } from "./credential.ts";
import { containerName, type FakeAzure, fakeAzure } from "./kit/fakeazure.ts";
import { smallParts, usual } from "./kit/subject.ts";
import { exchangedTokens } from "./token.ts";

const assertion = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyb2xlIn0.c2lnbmF0dXJl";
const minute = 60_000;

type Reply = { status?: number; headers?: Record<string, string>; body: object | string };
/** Entra's token endpoint, a storage account that takes its tokens, and a clock. */
let asked: { path: string; form: URLSearchParams }[];
let reply: (nth: number) => Reply | "reset";
let time: number;
let waits: number[];
let audiences: [string, number][];
let identity: Identity;
let entra: http.Server;
let fake: FakeAzure;

const granted = (nth: number): Reply => ({ body: { token_type: "Bearer", expires_in: 3_599, access_token: `secret-token-${nth}` } });
const refused = (description: string, status = 401): Reply => ({
  status,
  body: { error: "invalid_client", error_description: description },
});

beforeEach(async () => {
  [asked, waits, audiences, reply, time] = [[], [], [], granted, Date.UTC(2026, 10, 21)];
  identity = {
    token: async (audience, seconds) => {
      audiences.push([audience, seconds]);
      return assertion;
    },
    callerIdentity: () => Promise.reject(new Error("not asked")),
  };
  entra = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    asked.push({ path: request.url ?? "", form: new URLSearchParams(Buffer.concat(chunks).toString()) });
    const said = reply(asked.length);
    if (said === "reset") return void request.socket.destroy();
    response.writeHead(said.status ?? 200, said.headers).end(typeof said.body === "string" ? said.body : JSON.stringify(said.body));
  });
  await new Promise<void>((resolve) => entra.listen(0, "127.0.0.1", resolve));
  fake = await fakeAzure();
  fake.tokens.clear();
  for (const nth of [1, 2, 3]) fake.tokens.set(`secret-token-${nth}`, "rwclt");
});
afterEach(async () => {
  entra.closeAllConnections();
  await Promise.all([fake.close(), new Promise((resolve) => entra.close(resolve))]);
});

function tokens() {
  const authority = `http://127.0.0.1:${(entra.address() as AddressInfo).port}`;
  const clock = { now: () => new Date(time), wait: async (milliseconds: number) => void waits.push(milliseconds) };
  return { ...clock, tokens: exchangedTokens({ tenant: "acme.example", client: "app", authority }, identity, clock) };
}
function store() {
  const { tokens: own, ...clock } = tokens();
  return azureStore({ endpoint: fake.endpoint, container: containerName, credential: bearer(own), ...clock, ...usual, ...smallParts });
}
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );
const body = () => inChunks(bytesOf(10));

describe("a token of AWS for one of Azure", () => {
  test("is asked for once, for storage alone, by whoever needs it first", async () => {
    const { create, read } = store();
    expect(asked).toEqual([]);
    await Promise.all(["a", "b", "c"].map((key) => create.create(key, body(), context())));
    await read.head({ key: "a" });
    expect(asked.map(({ path }) => path)).toEqual(["/acme.example/oauth2/v2.0/token"]);
    expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
      grant_type: "client_credentials",
      client_id: "app",
      scope: "https://storage.azure.com/.default",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
    });
    expect(audiences).toEqual([["api://AzureADTokenExchange", 300]]);
  });

  test("is got anew shortly before its end, in the middle of a long copy", async () => {
    const { ranges } = store();
    const upload = await ranges.begin("k", 3 * smallParts.part);
    const put = (n: number) => ranges.put(upload, n, inChunks(bytesOf(smallParts.part, n)), context());
    const parts = [await put(1)];
    time += 54 * minute;
    parts.push(await put(2));
    expect(asked).toHaveLength(1);
    time += 2 * minute;
    parts.push(await put(3));
    expect(asked).toHaveLength(2);
    expect(await ranges.commit(upload, parts)).toMatchObject({ bytes: 3 * smallParts.part });
    expect(new Set(fake.seen.map(({ headers }) => headers.authorization)).size).toBe(2);
  });

  test("is got anew when Azure takes it no more before its time, once, and the request is sent again", async () => {
    const { create, read } = store();
    await create.create("k", body(), context());
    fake.tokens.delete("secret-token-1");
    // Refused for its token it was not done, so what stands there is not taken for its own.
    expect(await thrown(create.create("k", body(), context()))).toBeInstanceOf(ObjectExists);
    expect(asked).toHaveLength(2);
    fake.tokens.clear();
    expect(await thrown(read.head({ key: "k" }))).toBeInstanceOf(StoreDenied);
    expect(asked).toHaveLength(3);
    expect(waits).toEqual([]);
  });

  test("is tried for again when Entra is busy or breaks off, with a fresh proof each time", async () => {
    const troubles: (Reply | "reset")[] = [
      { status: 429, headers: { "retry-after": "3" }, body: { error: "temporarily_unavailable" } },
      "reset",
      { status: 503, body: "busy" },
    ];
    reply = (nth) => troubles[nth - 1] ?? granted(1);
    expect(await tokens().tokens.current()).toBe("secret-token-1");
    expect(waits).toEqual([3_000, 1_000, 2_000]);
    expect(audiences).toHaveLength(4);
  });

  test("that Entra never answers, or answers with something else, is StoreUnavailable, and the next call tries anew", async () => {
    const { tokens: own } = tokens();
    for (const answer of ["reset", { body: "<html>" }, { body: { expires_in: 5 } }] as const) {
      reply = () => answer;
      expect(await thrown(own.current())).toBeInstanceOf(StoreUnavailable);
    }
    reply = granted;
    expect(await own.current()).toMatch(/^secret-token/);
  });

  test.each([
    ["AADSTS700211: No matching federated identity record found for presented assertion issuer 'https://x'.", "issuer"],
    [
      "AADSTS700212: No matching federated identity record found for presented assertion audience 'y'.",
      "audience must be api://AzureADTokenExchange",
    ],
    [
      "AADSTS700213: No matching federated identity record found for presented assertion subject 'arn:aws:iam::1:role/copy'.",
      "subject must be the ARN",
    ],
    ["AADSTS70021: No matching federated identity record found.", "issuer, subject and audience"],
    ["AADSTS700016: Application with identifier 'app' was not found in the directory.", "consent"],
    ["AADSTS90002: Tenant 'acme' not found.", "federation.tenant"],
    ["AADSTS700024: Client assertion is not within its valid time range.", "clock"],
    ["AADSTS999999: Something new.", "letter by letter"],
    ["no code at all", "letter by letter"],
  ])("that is refused (%s) says what to correct, once", async (description, hint) => {
    reply = () => refused(`${description}\r\nTrace ID: 1\r\nTimestamp: now`);
    const error = await thrown(store().read.head({ key: "k" }));
    expect(error).toBeInstanceOf(StoreDenied);
    expect(error.hint).toContain(hint);
    expect(error.message).toContain(/AADSTS\d+/.exec(description)?.[0] ?? "invalid_client");
    expect(error.cause.message).toBe(description);
    expect([asked.length, waits]).toEqual([1, []]);
  });

  test("that AWS does not give keeps its own error", async () => {
    const own = new IdentityRefused("sts:GetWebIdentityToken was denied", "Allow it.");
    identity = { ...identity, token: () => Promise.reject(own) };
    expect(await thrown(store().create.create("k", body(), context()))).toBe(own);
  });

  test("stands in no error, neither the proof nor what was got for it", async () => {
    const errors: unknown[] = [];
    reply = () => refused(`AADSTS50027: JWT token is invalid: ${assertion}`);
    errors.push(await thrown(store().read.head({ key: "k" })));
    reply = () => ({ body: `{"access_token": "secret-token-1", "oops": "${assertion}` });
    errors.push(await thrown(store().read.head({ key: "k" })));
    reply = granted;
    const { read, create, ranges } = store();
    for (const meddling of ["reset", { status: 403 }, { status: 500 }, { status: 302, headers: { location: "/" } }] as const) {
      fake.meddle = () => meddling;
      errors.push(await thrown(read.head({ key: "k" })));
      errors.push(await thrown(create.create("k", body(), context())));
      errors.push(await thrown(ranges.begin("k", 5)));
    }
    expect(errors.filter((error) => !(error instanceof Error))).toEqual([]);
    const shown = inspect(errors, { depth: 10, showHidden: true });
    expect(shown).toContain("AADSTS50027");
    for (const secret of ["secret-token", "eyJ", "Bearer"]) expect(shown).not.toContain(secret);
  });
});
