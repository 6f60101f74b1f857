import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findLocal, isLoopback, isolate, type LocalCloud } from "./local.ts";

const local: LocalCloud = {
  endpoint: "http://127.0.0.1:1",
  region: "eu-central-1",
  account: "000000000000",
  accessKeyId: "test",
  secretAccessKey: "test",
  stage: "local",
  plan: "demo/plan.ts",
};

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function rootWith(content: string | undefined): string {
  const root = mkdtempSync(path.join(tmpdir(), "holdfast-cli-"));
  folders.push(root);
  mkdirSync(path.join(root, ".local"));
  if (content !== undefined) writeFileSync(path.join(root, ".local", "local.json"), content);
  return root;
}
async function listening<T>(use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe("the local cloud", () => {
  test("is found where local.json says and somebody answers", async () => {
    await listening(async (port) => {
      const here = { ...local, endpoint: `http://127.0.0.1:${port}` };
      expect(await findLocal(rootWith(JSON.stringify(here)))).toEqual(here);
    });
  });
  test("that was never started is asked for by the command that starts it", async () => {
    await expect(findLocal(rootWith(undefined))).rejects.toMatchObject({
      name: "LocalNotRunning",
      hint: expect.stringContaining("`npm run local`"),
    });
  });
  test("that has gone away is told with its address", async () => {
    const port = await listening(async (free) => free);
    const here = JSON.stringify({ ...local, endpoint: `http://127.0.0.1:${port}` });
    await expect(findLocal(rootWith(here))).rejects.toMatchObject({
      name: "LocalNotRunning",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
  test.each(["not json", "{}", JSON.stringify({ ...local, account: "x" })])("is not guessed from %s", async (content) => {
    await expect(findLocal(rootWith(content))).rejects.toMatchObject({
      name: "LocalNotRunning",
      message: expect.stringContaining("local.json"),
    });
  });
  test.each([
    "https://s3.eu-central-1.amazonaws.com",
    "http://10.0.0.1:4566",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://[2001:db8::1]:80",
  ])("is never %s", async (endpoint) => {
    await expect(findLocal(rootWith(JSON.stringify({ ...local, endpoint })))).rejects.toMatchObject({ name: "LocalRefused" });
  });
  test("may be any address of loopback", () => {
    expect(["127.0.0.1", "127.1.2.3", "localhost", "[::1]", "::1"].map(isLoopback)).toEqual([true, true, true, true, true]);
    expect(["128.0.0.1", "0.0.0.0", "1270.0.0.1", "127.0.0.1.example", ""].map(isLoopback)).toEqual([false, false, false, false, false]);
  });
});

describe("with --local", () => {
  test("no AWS variable, shared file, metadata service or proxy of the shell is left", () => {
    const env: Record<string, string | undefined> = {
      AWS_PROFILE: "prod",
      AWS_ENDPOINT_URL_S3: "https://evil.example",
      AWS_SESSION_TOKEN: "x",
      AWS_CONFIG_FILE: "/home/me/.aws/config",
      AWS_USE_FIPS_ENDPOINT: "true",
      aws_region: "us-east-1",
      HTTPS_PROXY: "http://proxy",
      http_proxy: "http://proxy",
      HOME: "/home/me",
      PATH: "/bin",
    };
    isolate(env, local);
    expect(env).toEqual({
      HOME: "/home/me",
      PATH: "/bin",
      AWS_ENDPOINT_URL: local.endpoint,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
    });
  });
});
