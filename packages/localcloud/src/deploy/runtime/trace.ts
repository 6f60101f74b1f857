import diagnostics from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import type { ClientRequest } from "node:http";
import path from "node:path";

/** One request to the local AWS: enough to tell which action of IAM was used on what. */
export type Traced = {
  function: string;
  /** As in IAM's and SigV4's names: s3, kms, sqs. `unsigned` when the request is not signed. */
  service: string;
  method: string;
  path: string;
  query: Record<string, string>;
  /** `TrentService.Encrypt`, of services that speak JSON. */
  target?: string;
  /** `Publish`, of services that speak the query protocol (SNS, STS). */
  action?: string;
  /** Headers of S3 by which one action is told from another; their values stay out. */
  headers: string[];
};

/** What stands in a query string of a signed URL and nowhere else. */
const signing = /^x-amz-(algorithm|credential|date|expires|security-token|signature|signedheaders)$/i;
const telling = ["x-amz-copy-source", "x-amz-tagging", "x-amz-object-lock-mode", "x-amz-bypass-governance-retention"];

/**
 * Appends one line of JSON for each request to the local AWS to `{HOLDFAST_TRACE}/{function}.jsonl`, nothing of bodies or of headers'
 * secrets among it. Does nothing without HOLDFAST_TRACE.
 */
export function startTrace(environment: NodeJS.ProcessEnv): void {
  const { HOLDFAST_TRACE: folder, AWS_ENDPOINT_URL: endpoint, AWS_LAMBDA_FUNCTION_NAME: name = "function" } = environment;
  if (!folder || !endpoint) return;
  const { host } = new URL(endpoint);
  const actions = new WeakMap<ClientRequest, string>();
  const isOurs = (request: ClientRequest) => request.getHeader("host") === host;
  diagnostics.subscribe("http.client.request.created", (message) => {
    const { request } = message as { request: ClientRequest };
    if (isOurs(request) && String(request.getHeader("content-type")).includes("x-www-form-urlencoded")) watchBody(request, actions);
  });
  diagnostics.subscribe("http.client.request.start", (message) => {
    const { request } = message as { request: ClientRequest };
    if (!isOurs(request)) return;
    const line: Traced = { function: name, ...traced(request, actions.get(request)) };
    appendFileSync(path.join(folder, `${name}.jsonl`), `${JSON.stringify(line)}\n`);
  });
}

/** The query protocol names its action in the body, first of all; nothing else of the body is looked at. */
function watchBody(request: ClientRequest, actions: WeakMap<ClientRequest, string>): void {
  for (const method of ["write", "end"] as const) {
    const original = request[method].bind(request) as (...given: unknown[]) => never;
    request[method] = (...given: unknown[]) => {
      const action = given[0] && !actions.has(request) ? /(?:^|&)Action=(\w+)/.exec(String(given[0]))?.[1] : undefined;
      if (action) actions.set(request, action);
      return original(...given);
    };
  }
}

function traced(request: ClientRequest, action: string | undefined): Omit<Traced, "function"> {
  const [where = "/", query = ""] = request.path.split("?");
  const target = request.getHeader("x-amz-target");
  return {
    service: serviceOf(request),
    method: request.method,
    path: where,
    query: Object.fromEntries([...new URLSearchParams(query)].filter(([key]) => !signing.test(key))),
    ...(target ? { target: String(target) } : {}),
    ...(action ? { action } : {}),
    headers: telling.filter((name) => request.hasHeader(name)),
  };
}

/** The service that a request is signed for stands in the credential scope: `…/20261121/eu-central-1/s3/aws4_request`. */
function serviceOf(request: ClientRequest): string {
  const scope = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(String(request.getHeader("authorization") ?? ""));
  return scope?.[1] ?? "unsigned";
}
