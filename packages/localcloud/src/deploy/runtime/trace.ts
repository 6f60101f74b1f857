import diagnostics from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import type { ClientRequest } from "node:http";
import path from "node:path";

/**
 * Writes one line of JSON for each request to the local AWS into `{HOLDFAST_TRACE}/{function}.jsonl`: enough to tell which action of IAM
 * was used on what, nothing of headers' secrets or of bodies. Does nothing without HOLDFAST_TRACE.
 */
export function startTrace(environment: NodeJS.ProcessEnv): void {
  const { HOLDFAST_TRACE: folder, AWS_ENDPOINT_URL: endpoint, AWS_LAMBDA_FUNCTION_NAME: name = "function" } = environment;
  if (!folder || !endpoint) return;
  const { host } = new URL(endpoint);
  diagnostics.subscribe("http.client.request.start", (message) => {
    const { request } = message as { request: ClientRequest };
    if (request.getHeader("host") !== host) return;
    appendFileSync(path.join(folder, `${name}.jsonl`), `${JSON.stringify({ function: name, ...traced(request) })}\n`);
  });
}

function traced(request: ClientRequest): object {
  const [where = "/", query = ""] = request.path.split("?");
  const target = request.getHeader("x-amz-target");
  return {
    service: serviceOf(request),
    method: request.method,
    path: where,
    query: [...new URLSearchParams(query).keys()].filter((key) => !key.toLowerCase().startsWith("x-amz-")),
    ...(target ? { target: String(target) } : {}),
    ...conditionsOf(request),
  };
}

/** The service that a request is signed for stands in the credential scope: `…/20261121/eu-central-1/s3/aws4_request`. */
function serviceOf(request: ClientRequest): string {
  const scope = String(request.getHeader("authorization") ?? "").match(/Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//);
  return scope?.[1] ?? "unsigned";
}

/** Headers by which S3 tells one action from another. */
function conditionsOf(request: ClientRequest): object {
  const copy = request.getHeader("x-amz-copy-source");
  const tagging = request.getHeader("x-amz-tagging");
  return { ...(copy ? { copy: true } : {}), ...(tagging ? { tagging: true } : {}) };
}
