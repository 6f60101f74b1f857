import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { DigestMismatch, StoreUnavailable } from "@holdfast/core";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";

let againSoon: typeof import("./again.ts").againSoon;
let server: Server;
let ownTime = "5400";
let refuses = false;
const changed: object[] = [];

/** Two calls of https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ */
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const asked = (await json(request)) as object;
    const change = String(request.headers["x-amz-target"]).endsWith("ChangeMessageVisibility");
    if (change) changed.push(asked);
    response.writeHead(change && refuses ? 400 : 200, { "content-type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify(change ? {} : { Attributes: { VisibilityTimeout: ownTime } }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const variables = { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_ENDPOINT_URL: endpoint };
  for (const [name, value] of Object.entries({
    ...variables,
    HOLDFAST_PROJECT: "p",
    HOLDFAST_BUCKET: "b",
    HOLDFAST_QUEUE: `${endpoint}/1/q`,
  }))
    vi.stubEnv(name, value);
  ({ againSoon } = await import("./again.ts"));
});
afterAll(() => server.close());
beforeEach(() => {
  changed.length = 0;
  [ownTime, refuses] = ["5400", false];
});

const away = new StoreUnavailable("the store is away", "Wait.");
const tried = (count: number, error: Error) =>
  againSoon({ Records: [{ body: "", receiptHandle: "handle", attributes: { ApproximateReceiveCount: String(count) } }] }, () =>
    Promise.reject(error),
  );

test("a message about a store that is away comes again after 1, 5 and 20 minutes", async () => {
  for (const count of [1, 2, 3]) await expect(tried(count, away)).rejects.toBe(away);
  expect(changed).toEqual(
    [60, 300, 1200].map((VisibilityTimeout) => expect.objectContaining({ VisibilityTimeout, ReceiptHandle: "handle" })),
  );
});

test("never later than by the queue's own time, which is left alone once no wait is left", async () => {
  ownTime = "60";
  for (const count of [1, 2]) await expect(tried(count, away)).rejects.toBe(away);
  ownTime = "5400";
  await expect(tried(4, away)).rejects.toBe(away);
  expect(changed).toEqual([]);
});

test("what no haste helps is not hastened", async () => {
  for (const error of [new DigestMismatch("other bytes", "Verify it."), new TypeError("x")])
    await expect(tried(1, error)).rejects.toBe(error);
  expect(changed).toEqual([]);
});

test("a queue that refuses changes nothing about what went wrong", async () => {
  refuses = true;
  await expect(tried(1, away)).rejects.toBe(away);
  expect(changed).toHaveLength(1);
});
