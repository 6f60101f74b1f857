import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SecretUnusable } from "@holdfast/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { secretsOf, secretsWritten } from "./secrets.ts";

type Asked = { SecretId: string; NextToken?: string };
const version = (at: number, ...VersionStages: string[]) => ({ VersionId: `v${at}`, CreatedDate: at, VersionStages });

/** Answers by secret and page. Of what is not there it says what Secrets Manager does. */
const pages: Record<string, object> = {
  changed: { Versions: [version(300, "AWSPENDING"), version(200, "AWSCURRENT"), version(100, "AWSPREVIOUS")] },
  long: { Versions: [version(100, "AWSPREVIOUS")], NextToken: "2" },
  "long 2": { Versions: [version(200, "AWSCURRENT")] },
  empty: { Versions: [] },
  binary: { SecretBinary: "c2VjcmV0" },
};
let server: Server;
let client: SecretsManagerClient;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { SecretId, NextToken } = (await json(request)) as Asked;
    const found = pages[NextToken ? `${SecretId} ${NextToken}` : SecretId];
    const refusal = SecretId === "barred" ? "AccessDeniedException" : "ResourceNotFoundException";
    response.writeHead(found ? 200 : 400, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(found ?? { __type: refusal, message: `quoted ${SecretId}` }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  client = new SecretsManagerClient({
    region: "eu-central-1",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    maxAttempts: 1,
  });
});
afterAll(() => void server.close());

test.each(["changed", "long"])("the age of a secret is that of the value that counts, on whatever page it is told: %s", async (name) => {
  expect(await secretsWritten(client)(name)).toEqual(new Date(200_000));
});

test.each([
  ["empty", "the secret empty has no value"],
  ["barred", "the secret barred could not be looked at (AccessDeniedException)"],
  ["nobody", "there is no secret called nobody"],
])("a secret whose age is not known is told by name: %s", async (name, message) => {
  const thrown = await secretsWritten(client)(name).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(SecretUnusable);
  expect(thrown).toMatchObject({ message, hint: expect.stringMatching(/\.$/) });
});

test.each([
  ["binary", "the secret binary holds binary data"],
  ["barred", "the secret barred could not be read (AccessDeniedException)"],
  ["nobody", "there is no secret called nobody"],
])("a secret that cannot be read is told by name: %s", async (name, message) => {
  const thrown = await secretsOf(client)(name).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(SecretUnusable);
  expect(thrown).toMatchObject({ message, hint: expect.stringMatching(/\.$/) });
});
