import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { DemoFailed } from "../errors.ts";
import type { Stop } from "../stage.ts";
import { succeed } from "./successor.ts";

/** Somebody who answers each who calls, and one port that is free. */
async function somebody() {
  const [server, other] = [createServer((socket) => socket.on("error", () => {}).end("me")), createServer()];
  for (const each of [server, other]) await once(each.listen(0, "127.0.0.1"), "listening");
  const urlOf = (each: typeof server) => ({ url: `http://127.0.0.1:${(each.address() as AddressInfo).port}` });
  const vaults = { fresh: urlOf(server), original: urlOf(other) } as unknown as Parameters<typeof succeed>[0];
  onTestFinished(() => void server.close());
  return { vaults, free: () => once(other.close(), "close"), server };
}

async function said(url: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1").setEncoding("utf8");
  let heard = "";
  for await (const text of socket) heard += text;
  return heard;
}

test("who asks at the old address is answered by the one that took its place, until it is stopped", async () => {
  const { vaults, free } = await somebody();
  await free();
  const stopping: Stop[] = [];
  await succeed(vaults, stopping);
  expect(await said(vaults.original.url)).toBe("me");
  for (const stop of stopping) await stop();
  await expect(said(vaults.original.url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("an address that somebody else took meanwhile is told", async () => {
  const { vaults, free } = await somebody();
  onTestFinished(async () => void (await free()));
  await expect(succeed(vaults, [])).rejects.toThrow(DemoFailed);
});
