import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const folder = mkdtempSync(path.join(tmpdir(), "holdfast-bundle-"));
type Handler = (event: { throws: string }, context: object) => Promise<unknown>;
let handler: Handler;
/** The same in a VPC out of which nothing leads. */
let shutIn: Handler;

/** Each case of an error, thrown inside the real bundle of middleware, minified as it is deployed. */
const entry = `
import { lambda } from "./functions/bundle.ts";
import { DeadlineNear, SecretUnusable } from "@holdfast/core";
export const handler = lambda("trying", async ({ throws }, { context }) => {
  if (throws === "ours") throw new SecretUnusable("the secret acme is no JSON", "Store it as JSON.", { cause: new Error("hunter2") });
  if (throws === "parse") JSON.parse("hunter2");
  if (throws === "aws") throw Object.assign(new Error("not authorized to perform: s3:PutObject"), { name: "AccessDenied", $metadata: {} });
  if (throws === "late") await new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));
  return "done";
});`;

beforeAll(async () => {
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("HOLDFAST_PROJECT", "p");
  vi.stubEnv("HOLDFAST_BUCKET", "b");
  vi.stubEnv("TMPDIR", folder);
  vi.stubEnv("POWERTOOLS_DEV", "true"); // logs to the console that a test can watch
  const outfile = path.join(folder, "bundle.mjs");
  await build({
    stdin: { contents: entry, resolveDir: path.resolve(import.meta.dirname, ".."), loader: "ts" },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    outfile,
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "error",
  });
  handler = (await import(pathToFileURL(outfile).href)).handler;
  vi.stubEnv("HOLDFAST_NETWORK", JSON.stringify({ subnets: ["subnet-a"], services: ["kms"] }));
  vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
  shutIn = (await import(`${pathToFileURL(outfile).href}?shut-in`)).handler;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const call = (throws: string, millis = 60_000) =>
  handler({ throws }, { awsRequestId: "r", functionName: "f", getRemainingTimeInMillis: () => millis });

test("an error of ours keeps its name in a minified bundle, and its hint reaches whoever reads only the message", async () => {
  await expect(call("ours")).rejects.toMatchObject({ name: "SecretUnusable", message: "the secret acme is no JSON. Store it as JSON." });
});

test("what was not foreseen tells its kind and nothing that it quotes", async () => {
  const said: string[] = [];
  vi.spyOn(console, "error").mockImplementation((...line) => void said.push(line.join(" ")));
  await expect(call("parse")).rejects.toMatchObject({ name: "Unexpected", message: expect.stringContaining("SyntaxError while trying") });
  await expect(call("ours")).rejects.toThrow();
  expect(said.join("\n")).toContain("unexpected");
  expect(said.join("\n")).not.toContain("hunter2");
  vi.restoreAllMocks();
});

test("an answer of AWS keeps the action that it refused", async () => {
  await expect(call("aws")).rejects.toMatchObject({ name: "AccessDenied", message: expect.stringContaining("s3:PutObject") });
});

test("a function that nothing leads to AWS from says so by name, before it runs and hangs", async () => {
  await expect(shutIn({ throws: "ours" }, { awsRequestId: "r", getRemainingTimeInMillis: () => 60_000 })).rejects.toMatchObject({
    name: "EndpointMissing",
    message: expect.stringMatching(/^nothing leads from subnet-a to kms .*\. .*security groups/),
  });
});

test("the deadline fires before Lambda kills, and says what ran out of time", async () => {
  await expect(call("late", 20_050)).rejects.toMatchObject({
    name: "DeadlineNear",
    message: expect.stringContaining("ran out of time while trying"),
  });
});

test("the scratch folder of an invocation is gone when it ends", async () => {
  expect(await call("nothing")).toBe("done");
  expect(readdirSync(folder).filter((name) => name !== "bundle.mjs")).toEqual([]);
});
