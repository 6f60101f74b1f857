import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Azurite, azurite } from "./azurite.ts";
import { environ, markOf } from "./kit/start.ts";
import { ask } from "./loopback.ts";
import { listens } from "./ports.ts";
import { marked } from "./runs.ts";

let store: Azurite;
beforeAll(async () => {
  store = await azurite();
});
afterAll(() => store?.stop());

const port = () => Number(new URL(store.endpoint).port);

test("listens by itself, and has no key that everybody knows", async () => {
  expect(listens(store.pid, port())).toBe(true);
  expect(Buffer.from(store.key, "base64")).toHaveLength(64);
  const other = await ask(`http://127.0.0.1:${port()}/devstoreaccount1?comp=list`);
  expect(other.body).toContain("ResourceNotFound");
  expect((await ask(`${store.endpoint}?comp=list`)).status).toBe(403);
});

test("takes another port when somebody has the one that was asked for, and nothing of the shell's environment", async () => {
  const second = await azurite({ port: port() });
  try {
    expect(second.endpoint).not.toBe(store.endpoint);
    expect(Object.keys(environ(second.pid)).filter((name) => /AWS|PROXY|AZURE_/i.test(name))).toEqual([]);
  } finally {
    await second.stop();
  }
});

test("after stop no process, port or folder of it is left", async () => {
  const mark = markOf(store.pid);
  await store.stop();
  await store.stop();
  expect(marked(mark)).toEqual([]);
  expect(existsSync(store.folder)).toBe(false);
  await expect(ask(store.endpoint)).rejects.toThrow("ECONNREFUSED");
});
