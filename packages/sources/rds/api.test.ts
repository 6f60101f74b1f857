import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openApi } from "./api.ts";

/** What KMS answers, word for word; the local AWS tells a key that is not shared otherwise. */
let answer: { __type: string; message: string };
let server: Server;
beforeAll(async () => {
  server = createServer((_request, response) => response.writeHead(400).end(JSON.stringify(answer)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "any");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "any");
});
afterAll(() => {
  vi.unstubAllEnvs();
  return new Promise((resolve) => server.close(resolve));
});

const id = "arn:aws:kms:eu-central-1:222222222222:key/one";
const ask = () => openApi({ region: "eu-central-1" })({ signal: new AbortController().signal }).key(id);
const refused = "User: arn:aws:sts::111111111111:assumed-role/backup/run is not authorized to perform: kms:DescribeKey on";

test("a key of another account that is not shared is not found, as one that does not exist", async () => {
  answer = {
    __type: "AccessDeniedException",
    message: `${refused} this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
  };
  expect(await ask()).toBeUndefined();
  answer = { __type: "NotFoundException", message: `Key '${id}' does not exist` };
  expect(await ask()).toBeUndefined();
});

test("a role that may not ask says nothing about the key", async () => {
  answer = {
    __type: "AccessDeniedException",
    message: `${refused} resource: ${id} because no identity-based policy allows the kms:DescribeKey action`,
  };
  await expect(ask()).rejects.toMatchObject({ name: "RdsDenied", hint: expect.stringContaining("Deploy again") });
});
