import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testWorld } from "./kit/world.ts";
import { openPlace } from "./place.ts";

const clone = path.resolve(import.meta.dirname, "../../..");
const age = `age1${"q".repeat(58)}`;
let root = "";
let server: Server;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), "holdfast-place-"));
  server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  mkdirSync(path.join(root, ".local"));
  const { port } = server.address() as AddressInfo;
  const key = { accessKeyId: "test", secretAccessKey: "test" };
  const local = {
    endpoint: `http://127.0.0.1:${port}`,
    region: "eu-central-1",
    account: "000000000000",
    ...key,
    stage: "local",
    plan: "plan.mjs",
  };
  writeFileSync(path.join(root, ".local", "local.json"), JSON.stringify(local));
  const stores = {
    away: { kind: "s3", bucket: "copies", endpoint: "https://s3.example", credentials: "x" },
    here: { kind: "memory", name: "place-test" },
  };
  const memory = JSON.stringify(path.join(clone, "packages/stores/memory/kind.ts"));
  const folder = JSON.stringify(path.join(clone, "packages/stores/memory"));
  const plan = { project: "acme", region: "eu-central-1", offlineKeys: [age], stores, sources: {}, targets: {} };
  const own = `import { memory } from ${memory};\nexport const stores = { memory: { kind: memory, folder: ${folder} } };\n`;
  writeFileSync(path.join(root, "plan.mjs"), `${own}export default ${JSON.stringify(plan)};\n`);
});
afterEach(() => {
  server.close();
  rmSync(root, { recursive: true });
});

describe("a place on this machine", () => {
  test("has the stage, the plan and the account that local.json names", async () => {
    const place = await openPlace({ local: true }, testWorld({ root }));
    expect([place.name("backup", "shop"), place.stage, await place.cloud.account()]).toEqual([
      "acme-local-backup-shop",
      "local",
      "000000000000",
    ]);
  });
  test("isolates the process before anything else is asked", async () => {
    const world = testWorld({ root, env: { AWS_PROFILE: "prod", HOME: "/home/me" } });
    await openPlace({ local: true }, world);
    expect(world.env).not.toHaveProperty("AWS_PROFILE");
  });
  test("opens a store of the plan by its own kind", async () => {
    const place = await openPlace({ local: true }, testWorld({ root }));
    expect(await Array.fromAsync((await place.store("here")).list.list(""))).toEqual([]);
  });
  test("refuses a store of the plan that is somewhere else", async () => {
    const place = await openPlace({ local: true }, testWorld({ root }));
    await expect(place.store("away")).rejects.toMatchObject({ name: "LocalRefused", message: expect.stringContaining("s3.example") });
  });
});

describe("a place in AWS", () => {
  const inAws = () => openPlace({ stage: "prod", plan: "plan.mjs" }, testWorld({ root, cwd: root, env: { AWS_PROFILE: "mine" } }));
  test("is named by stage and plan, and leaves the person's variables alone", async () => {
    const world = testWorld({ root, cwd: root, env: { AWS_PROFILE: "mine" } });
    const place = await openPlace({ stage: "prod", plan: "plan.mjs" }, world);
    expect([place.name("restore"), place.local, world.env]).toEqual(["acme-prod-restore", undefined, { AWS_PROFILE: "mine" }]);
  });
  test("names the stores that there are for one that is not", async () => {
    await expect((await inAws()).store("nope")).rejects.toMatchObject({
      name: "InputInvalid",
      hint: expect.stringContaining("away, here"),
    });
  });
});
