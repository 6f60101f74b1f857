import { HoldfastError } from "@holdfast/core";
import { AwsDenied, AwsUnavailable, NotDeployed, NotLoggedIn } from "./errors.ts";

/** An error of an SDK in this program's words. Its own message may quote a request, so it stays in the cause, for --debug. */
export function translate(error: unknown, doing: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const name = error instanceof Error ? error.name : "unknown error";
  const options = { cause: error };
  if (noCredentials.has(name))
    return new NotLoggedIn(
      `could not ${doing}: there are no usable AWS credentials (${name})`,
      "Log in (`aws sso login`) or name a profile in AWS_PROFILE.",
      options,
    );
  if (denied.has(name) || status(error) === 403)
    return new AwsDenied(
      `AWS did not let you ${doing} (${name})`,
      "Ask for the right, or use another profile; `aws sts get-caller-identity` says who you are.",
      options,
    );
  if (missing.has(name))
    return new NotDeployed(
      `could not ${doing}: it is not there (${name})`,
      "Check --stage, the plan's project and region, and that this stage is deployed.",
      options,
    );
  return new AwsUnavailable(
    `could not ${doing} (${name})`,
    "Try again; if it stays, look at the network, and at the service's status in this region.",
    options,
  );
}

const status = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;

const noCredentials = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
]);
const denied = new Set(["AccessDenied", "AccessDeniedException", "AuthorizationError", "KMSAccessDeniedException"]);
const missing = new Set([
  "ResourceNotFoundException",
  "StateMachineDoesNotExist",
  "ExecutionDoesNotExist",
  "NotFoundException",
  "InvalidArn",
  "NoSuchEntity",
]);
