import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runtimeLoop } from "../runtime.ts";

type Posted = { at: string; body: Record<string, unknown>; type: string | undefined };

/** The Runtime API as https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html has it: hands out events, keeps what is posted. */
class RuntimeApi {
  readonly posted: Posted[] = [];
  readonly #events: { id: string; body: unknown }[] = [];
  readonly #server = http.createServer((request, response) => void this.#answer(request, response));
  #waiting: http.ServerResponse | undefined;
  #told: (() => void) | undefined;

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
  /** What the runtime posts next. */
  async next(): Promise<Posted> {
    const before = this.posted.length;
    await new Promise<void>((resolve) => {
      this.#told = resolve;
    });
    return this.posted[before] as Posted;
  }
  async invoke(id: string, body: unknown): Promise<Posted> {
    const posted = this.next();
    this.#events.push({ id, body });
    this.#hand();
    return posted;
  }
  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method === "GET") {
      this.#waiting = response;
      return this.#hand();
    }
    const type = request.headers["lambda-runtime-function-error-type"];
    this.posted.push({ at: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString()), type: type as string | undefined });
    response.writeHead(202).end();
    this.#told?.();
  }
  #hand(): void {
    const event = this.#waiting && this.#events.shift();
    if (!event) return;
    this.#waiting?.writeHead(200, {
      "lambda-runtime-aws-request-id": event.id,
      "lambda-runtime-deadline-ms": String(Date.now() + 900_000),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:111122223333:function:f",
      "lambda-runtime-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793",
    });
    this.#waiting?.end(JSON.stringify(event.body));
    this.#waiting = undefined;
  }
}

let folder: string;
let api: RuntimeApi;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "holdfast-loop-"));
  api = new RuntimeApi();
});
afterEach(() => {
  child?.kill("SIGKILL");
  api.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(handler: string, environment: Record<string, string> = {}): Promise<void> {
  writeFileSync(path.join(folder, "bundle.mjs"), handler);
  writeFileSync(path.join(folder, "loop.mjs"), await runtimeLoop());
  mkdirSync(path.join(folder, "tmp"), { recursive: true });
  child = spawn(process.execPath, [path.join(folder, "loop.mjs")], {
    env: {
      AWS_LAMBDA_RUNTIME_API: await api.open(),
      _HANDLER: "bundle.handler",
      LAMBDA_TASK_ROOT: folder,
      AWS_LAMBDA_FUNCTION_NAME: "f",
      TMPDIR: path.join(folder, "tmp"),
      ...environment,
    },
    stdio: "ignore",
  });
}

test("events go to one handler after the other, with the context that AWS gives", async () => {
  await start(`let n = 0; export const handler = async (event, context) => ({
    n: ++n, event, id: context.awsRequestId, arn: context.invokedFunctionArn, name: context.functionName, left: context.getRemainingTimeInMillis() });`);
  expect(await api.invoke("one", { a: 1 })).toMatchObject({
    at: "/2018-06-01/runtime/invocation/one/response",
    body: { n: 1, event: { a: 1 }, id: "one", arn: "arn:aws:lambda:eu-west-1:111122223333:function:f", name: "f" },
  });
  const { body } = await api.invoke("two", [1]);
  expect(body).toMatchObject({ n: 2, event: [1], id: "two" });
  expect(body.left).toBeGreaterThan(600_000);
});

test("no result is null", async () => {
  await start("export const handler = async () => {};");
  expect((await api.invoke("one", {})).body).toBeNull();
});

test("an error goes back with its own name, message and stack, and the next event is served", async () => {
  await start(`class A extends Error { name = "RestoreRefused" }
    export const handler = async (event) => { if (event.bad) throw new A("no such target"); return "well"; };`);
  expect(await api.invoke("one", { bad: true })).toMatchObject({
    at: "/2018-06-01/runtime/invocation/one/error",
    type: "RestoreRefused",
    body: {
      errorType: "RestoreRefused",
      errorMessage: "no such target",
      trace: expect.arrayContaining(["RestoreRefused: no such target"]),
    },
  });
  expect((await api.invoke("two", {})).body).toBe("well");
});

test("what is thrown and is no error is told too", async () => {
  await start(`export const handler = () => { throw "plain"; };`);
  expect((await api.invoke("one", {})).body).toMatchObject({ errorType: "string", errorMessage: "plain" });
});

test.each([
  ["a module that does not load", `throw new TypeError("at start");`, "TypeError"],
  ["a handler that is not exported", "export const other = 1;", "Runtime.HandlerNotFound"],
])("%s is an error of init", async (_, module, name) => {
  const told = api.next();
  await start(module);
  expect(await told).toMatchObject({ at: "/2018-06-01/runtime/init/error", type: name });
});

test("a function has a scratch folder of its own and nothing of the starter's environment", async () => {
  await start("export const handler = async () => process.env;", { AWS_PROFILE: "prod", OWN: "1", HOLDFAST_VARIABLES: "OWN" });
  const { body } = await api.invoke("one", {});
  expect(body).toMatchObject({ OWN: "1", TMPDIR: expect.stringMatching(/tmp\/e-/) });
  expect(body.AWS_PROFILE ?? body.HOLDFAST_VARIABLES).toBeUndefined();
});

test("requests to the local AWS are traced, the query protocol's by its action; others are not", async () => {
  const local = http.createServer((_, response) => response.end("{}"));
  await new Promise<void>((resolve) => local.listen(0, "127.0.0.1", resolve));
  const { port } = local.address() as AddressInfo;
  await start(
    `import http from "node:http";
    const ask = (options, body) => new Promise((resolve, reject) => http.request({ host: "127.0.0.1", ...options }, (r) => r.resume().on("end", resolve)).on("error", reject).end(body));
    const authorization = "AWS4-HMAC-SHA256 Credential=ASIASECRET/20261121/eu-west-1/sns/aws4_request, SignedHeaders=host, Signature=abc";
    export const handler = async ({ port }) => {
      const headers = { host: "127.0.0.1:" + port, authorization };
      await ask({ port, method: "POST", path: "/", headers: { ...headers, "content-type": "application/x-www-form-urlencoded" } }, "Action=Publish&Version=2010-03-31&Message=secret");
      await ask({ port, path: "/b/k?prefix=own%2F&X-Amz-Signature=abc", headers: { ...headers, "x-amz-target": "T.Do" } });
      await ask({ port, path: "/elsewhere", headers: { host: "other" } });
    };`,
    { HOLDFAST_TRACE: folder, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` },
  );
  await api.invoke("one", { port });
  local.close();
  const text = readFileSync(path.join(folder, "f.jsonl"), "utf8");
  expect(
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { function: "f", service: "sns", method: "POST", path: "/", query: {}, action: "Publish", headers: [] },
    { function: "f", service: "sns", method: "GET", path: "/b/k", query: { prefix: "own/" }, target: "T.Do", headers: [] },
  ]);
});
