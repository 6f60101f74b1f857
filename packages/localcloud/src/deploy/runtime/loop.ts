/**
 * The runtime of every function in the local cloud: what AWS's own Node runtime does between the Runtime API and a handler, for the
 * `provided` runtimes of the local AWS, where alone the names of errors survive. Bundled into each function's zip, never into AWS's.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { clearEnvironment, ownScratch } from "./environment.ts";
import { startTrace } from "./trace.ts";

type Answer = { status: number; headers: http.IncomingHttpHeaders; body: string };
type Handler = (event: unknown, context: object) => unknown;

const environment = process.env;
const [host = "127.0.0.1", port = "80"] = (environment.AWS_LAMBDA_RUNTIME_API ?? "").split(":");
/** One connection for all calls; the next invocation is waited for as long as it takes. */
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method: "GET" | "POST", at: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
  const bytes = Buffer.byteLength(body ?? "");
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host,
        port,
        method,
        path: `/2018-06-01/runtime/${at}`,
        agent,
        headers: { ...headers, ...(body === undefined ? {} : { "content-length": bytes }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** AWS's runtime sends `error.name` as the type; state machines match on it. */
function described(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
}

function fail(at: string, error: unknown): Promise<Answer> {
  const told = described(error);
  return call("POST", at, JSON.stringify(told), {
    "content-type": "application/json",
    "lambda-runtime-function-error-type": told.errorType,
  });
}

async function loadHandler(): Promise<Handler> {
  const wanted = environment._HANDLER ?? "";
  const dot = wanted.lastIndexOf(".");
  const module = await import(pathToFileURL(path.join(environment.LAMBDA_TASK_ROOT ?? "", `${wanted.slice(0, dot)}.mjs`)).href);
  const handler: unknown = module[wanted.slice(dot + 1)];
  if (typeof handler === "function") return handler as Handler;
  throw Object.assign(new Error(`${wanted} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
}

const header = (headers: http.IncomingHttpHeaders, name: string): string => String(headers[name] ?? "");

function contextOf(headers: http.IncomingHttpHeaders): object {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const name = environment.AWS_LAMBDA_FUNCTION_NAME ?? "";
  return {
    awsRequestId: header(headers, "lambda-runtime-aws-request-id"),
    invokedFunctionArn: header(headers, "lambda-runtime-invoked-function-arn"),
    functionName: name,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION ?? "$LATEST",
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? "128",
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME ?? `/aws/lambda/${name}`,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME ?? "",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

async function serve(handler: Handler): Promise<void> {
  const next = await call("GET", "invocation/next");
  // The environment is being stopped.
  if (next.status !== 200) process.exit(0);
  const at = `invocation/${header(next.headers, "lambda-runtime-aws-request-id")}`;
  try {
    const result = await handler(JSON.parse(next.body), contextOf(next.headers));
    await call("POST", `${at}/response`, JSON.stringify(result ?? null), { "content-type": "application/json" });
  } catch (error) {
    console.error(error instanceof Error ? error.stack : error);
    await fail(`${at}/error`, error);
  }
}

async function main(): Promise<void> {
  clearEnvironment(environment);
  ownScratch(environment);
  startTrace(environment);
  let handler: Handler;
  try {
    handler = await loadHandler();
  } catch (error) {
    await fail("init/error", error);
    process.exit(1);
  }
  for (;;) await serve(handler);
}

await main();
