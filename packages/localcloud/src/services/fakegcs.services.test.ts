import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeGcs, fakeGcs } from "./fakegcs.ts";
import { ask } from "./loopback.ts";
import { listens } from "./ports.ts";

let server: FakeGcs;
beforeAll(async () => {
  server = await fakeGcs();
});
afterAll(() => server?.stop());
const port = () => Number(new URL(server.endpoint).port);

test("a write succeeds as soon as it is started, and what stands there is not written over where that is asked", async () => {
  await server.bucket("backups");
  const write = (text: string) => {
    const body = `--x\r\ncontent-type: application/json\r\n\r\n{"name":"first"}\r\n--x\r\n\r\n${text}\r\n--x--\r\n`;
    return fetch(`${server.endpoint}/upload/storage/v1/b/backups/o?uploadType=multipart&ifGenerationMatch=0`, {
      method: "POST",
      headers: { "content-type": "multipart/related; boundary=x" },
      body,
    });
  };
  expect((await write("hello")).status).toBe(200);
  expect((await write("again")).status).toBe(412);
  expect((await ask(`${server.endpoint}/storage/v1/b/backups/o/first?alt=media`)).body).toBe("hello");
});

test("a bucket that cannot be made is an error", async () => {
  await expect(server.bucket("No bucket's name!")).rejects.toThrow("No bucket's name!");
});

test("takes another port when it has that one itself, and after stop nothing listens and no folder is left", async () => {
  const second = await fakeGcs({ port: port() });
  const taken = Number(new URL(second.endpoint).port);
  expect(taken).not.toBe(port());
  expect(listens(second.pid, taken)).toBe(true);
  await second.stop();
  await second.stop();
  expect(listens(second.pid, taken)).toBe(false);
  expect(existsSync(second.folder)).toBe(false);
});
