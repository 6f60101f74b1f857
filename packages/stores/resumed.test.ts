import http from "node:http";
import type { AddressInfo } from "node:net";
import { free } from "@holdfast/core";
import { expect, onTestFinished, test } from "vitest";
import { bytesOf } from "./contract/subject.ts";
import { type Answer, resumed } from "./resumed.ts";

const body = bytesOf(300_000);

/** Of a server that answers with the whole, as a store would. */
async function answer(): Promise<Answer> {
  const server = http.createServer((_, reply) => reply.end(body));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const got = await new Promise<http.IncomingMessage>((resolve) => http.get({ port, host: "127.0.0.1", agent: false }, resolve));
  return { body: got, version: "1", starts: 0, total: body.length };
}
const read = async (of: Answer, range?: { from: number; to: number }) => {
  const chunks: { copy: Buffer; freed: boolean }[] = [];
  for await (const chunk of resumed({ head: async () => undefined, get: async () => of }, { key: "k" }, range, undefined)) {
    const copy = Buffer.from(chunk);
    free(chunk);
    chunks.push({ copy, freed: chunk.length === 0 });
  }
  return { whole: Buffer.concat(chunks.map(({ copy }) => copy)), freed: chunks.filter((chunk) => chunk.freed).length };
};

test("what came from a connection may be freed by whoever has copied it, and the bytes are right", async () => {
  const { whole, freed } = await read(await answer());
  expect(whole.equals(body)).toBe(true);
  expect(freed).toBeGreaterThan(1);
});

test("a range that begins and ends in the middle of chunks is right too", async () => {
  const { whole } = await read(await answer(), { from: 70_001, to: 200_003 });
  expect(whole.equals(body.subarray(70_001, 200_003))).toBe(true);
});

test("what came from anywhere else stays as it is: it may be somebody's", async () => {
  async function* mine() {
    yield body;
  }
  const of = { body: Object.assign(mine(), { destroy: () => {} }), version: "1", starts: 0, total: body.length };
  expect(await read(of)).toMatchObject({ freed: 0 });
});
