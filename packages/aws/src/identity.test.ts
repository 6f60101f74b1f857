import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { STSClient } from "@aws-sdk/client-sts";
import type { SignedRequest } from "@holdfast/core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { identityOf } from "./identity.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "session" };
const now = () => new Date("2026-11-21T02:00:00Z");

/** STS as far as one action: what it was asked, and what it answers next. */
let server: Server;
let asked: URLSearchParams[] = [];
let answer: { status: number; xml: string };
beforeAll(async () => {
  server = createServer(async (request, response) => {
    asked.push(new URLSearchParams(await text(request)));
    response.writeHead(answer.status, { "content-type": "text/xml" }).end(answer.xml);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => void server.close());
afterEach(() => {
  asked = [];
});
const clientOf = (given: object = credentials) =>
  new STSClient({
    region: "eu-central-1",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: given as typeof credentials,
    maxAttempts: 1,
  });

const issued = `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult>
<WebIdentityToken>eyJ.payload.signature</WebIdentityToken><Expiration>2026-11-21T02:05:00Z</Expiration>
</GetWebIdentityTokenResult></GetWebIdentityTokenResponse>`;
const error = (code: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>quoted</Message></Error></ErrorResponse>`;

test("a token is asked for one audience and a short time", async () => {
  answer = { status: 200, xml: issued };
  expect(await identityOf(clientOf()).token("vault.example", 300)).toBe("eyJ.payload.signature");
  expect(Object.fromEntries(asked[0] ?? [])).toEqual({
    Action: "GetWebIdentityToken",
    Version: "2011-06-15",
    "Audience.member.1": "vault.example",
    DurationSeconds: "300",
    SigningAlgorithm: "RS256",
  });
});

test.each([
  [400, "OutboundWebIdentityFederationDisabledException", "enable-outbound-web-identity-federation"],
  [403, "AccessDenied", "sts:GetWebIdentityToken"],
  [403, "SessionDurationEscalationException", "Trying again"],
  [500, "InternalFailure", "reaches its region's STS"],
])("a refusal (%i %s) says what to do and quotes nothing", async (status, code, hint) => {
  answer = { status, xml: error(code) };
  await expect(identityOf(clientOf()).token("vault.example", 300)).rejects.toMatchObject({
    name: "IdentityRefused",
    message: expect.stringMatching(/^STS issued no token for vault\.example \([A-Za-z]+\)$/),
    hint: expect.stringContaining(hint),
  });
});

test("an answer without a token is no token", async () => {
  answer = { status: 200, xml: issued.replace(/<WebIdentityToken>.*<\/WebIdentityToken>/, "") };
  await expect(identityOf(clientOf()).token("vault.example", 300)).rejects.toMatchObject({ name: "IdentityRefused" });
});

/** By https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, with nothing of the SDK. */
function signatureOf({ url, headers, body }: SignedRequest, secret: string, region: string): string {
  const sha256 = (value: string) => createHash("sha256").update(value).digest("hex");
  const hmac = (key: string | Buffer, value: string) => createHmac("sha256", key).update(value).digest();
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const names = signedNames(headers);
  const canonical = [
    "POST",
    new URL(url).pathname,
    new URL(url).search.slice(1),
    ...names.map((name) => `${name}:${lower.get(name)}`),
    "",
    names.join(";"),
    sha256(body),
  ];
  const day = (lower.get("x-amz-date") ?? "").slice(0, 8);
  const scope = [day, region, "sts", "aws4_request"];
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key, ["AWS4-HMAC-SHA256", lower.get("x-amz-date"), scope.join("/"), sha256(canonical.join("\n"))].join("\n")).toString("hex");
}
const signedNames = (headers: SignedRequest["headers"]) => /SignedHeaders=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.split(";") ?? [];
const signatureIn = (headers: SignedRequest["headers"]) => /Signature=(\w+)$/.exec(headers.authorization ?? "")?.[1];

test("who runs this is signed for the region's own STS, the session and the server's id included", async () => {
  const signed = await identityOf(clientOf(), now).callerIdentity("eu-west-3", { "X-Vault-AWS-IAM-Server-ID": "vault.example" }, "body");
  expect(signed).toMatchObject({
    method: "POST",
    url: "https://sts.eu-west-3.amazonaws.com/",
    body: "Action=GetCallerIdentity&Version=2011-06-15",
    headers: { host: "sts.eu-west-3.amazonaws.com", "x-amz-date": "20261121T020000Z", "x-amz-security-token": "session" },
  });
  expect(signedNames(signed.headers)).toEqual(["content-type", "host", "x-amz-date", "x-amz-security-token", "x-vault-aws-iam-server-id"]);
  expect(signed.headers.authorization).toContain("Credential=AKIDEXAMPLE/20261121/eu-west-3/sts/aws4_request");
  expect(signatureIn(signed.headers)).toBe(signatureOf(signed, credentials.secretAccessKey, "eu-west-3"));
  expect(signatureIn(signed.headers)).not.toBe(
    signatureOf({ ...signed, body: `${signed.body}&x` }, credentials.secretAccessKey, "eu-west-3"),
  );
  expect(asked).toEqual([]);
});

test("for who passes on no body, the action stands in the address and is signed there", async () => {
  const signed = await identityOf(clientOf(), now).callerIdentity("eu-west-3", { "x-goog-cloud-target-resource": "//iam" }, "address");
  expect(signed).toMatchObject({ url: "https://sts.eu-west-3.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", body: "" });
  expect(signedNames(signed.headers)).toEqual(["host", "x-amz-date", "x-amz-security-token", "x-goog-cloud-target-resource"]);
  expect(signatureIn(signed.headers)).toBe(signatureOf(signed, credentials.secretAccessKey, "eu-west-3"));
  const elsewhere = { ...signed, url: signed.url.replace("Get", "Put") };
  expect(signatureIn(signed.headers)).not.toBe(signatureOf(elsewhere, credentials.secretAccessKey, "eu-west-3"));
});

test("China's partition has its own names", async () => {
  expect((await identityOf(clientOf(), now).callerIdentity("cn-north-1", {}, "body")).url).toBe("https://sts.cn-north-1.amazonaws.com.cn/");
});

test("without credentials nothing is signed, and the error says so", async () => {
  const none = () => Promise.reject(Object.assign(new Error("quoted"), { name: "CredentialsProviderError" }));
  await expect(identityOf(clientOf(none)).callerIdentity("eu-west-3", {}, "body")).rejects.toMatchObject({
    name: "IdentityRefused",
    message: "nothing was signed for sts.eu-west-3.amazonaws.com (CredentialsProviderError)",
  });
});
