import { mkdtempSync } from "node:fs";
import path from "node:path";

/** What Lambda itself sets, https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, and the runtime's own. */
const reserved =
  /^(_HANDLER|AWS_(REGION|DEFAULT_REGION|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|EXECUTION_ENV)|AWS_LAMBDA_\w+|LAMBDA_\w+|PATH|HOME|LANG|TZ|TMPDIR|LD_LIBRARY_PATH)$/;
const endpoint = /^AWS_ENDPOINT_URL(_\w+)?$/;
const loopback = /^http:\/\/(127(\.\d{1,3}){3}|\[::1\]|localhost)(:\d+)?(\/|$)/;

/**
 * Leaves a function only what it would have in Lambda: its own variables (HOLDFAST_VARIABLES names them), what Lambda sets, and endpoints
 * of local services. The local AWS hands its own whole environment on, and that may hold a person's.
 */
export function clearEnvironment(environment: NodeJS.ProcessEnv): void {
  const own = new Set((environment.HOLDFAST_VARIABLES ?? "").split(","));
  for (const [name, value = ""] of Object.entries(environment)) {
    const kept = own.has(name) || reserved.test(name) || name === "HOLDFAST_TRACE" || (endpoint.test(name) && loopback.test(value));
    if (!kept) delete environment[name];
  }
}

/** Each process has a /tmp of its own, as each of Lambda's environments has. */
export function ownScratch(environment: NodeJS.ProcessEnv): void {
  const { TMPDIR } = environment;
  if (TMPDIR) environment.TMPDIR = mkdtempSync(path.join(TMPDIR, "e-"));
}
