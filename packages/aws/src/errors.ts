import { HoldfastError, KeyUnavailable } from "@holdfast/core";

/** KMS did not answer or refused; says nothing about a backup. */
export class KmsUnavailable extends HoldfastError {
  override readonly name = "KmsUnavailable";
  override readonly fault = "world";
}

/** The stable name of an SDK error; its message may quote requests and stays in `cause`. */
export const sdkName = (error: unknown): string => (error instanceof Error ? error.name : "unknown error");

/** Answers of KMS that mean "this key will not do it", as opposed to "not now". */
const refusals = new Set([
  "AccessDeniedException",
  "DisabledException",
  "KMSInvalidStateException",
  "NotFoundException",
  "InvalidCiphertextException",
  "IncorrectKeyException",
  "KeyUnavailableException",
]);

export function kmsError(action: string, keyId: string, cause: unknown): HoldfastError {
  const name = sdkName(cause);
  if (refusals.has(name))
    return new KeyUnavailable(
      `KMS refused to ${action} with ${keyId} (${name})`,
      "Check that the key is enabled, that this role may use it, and that the backup belongs to this source; an offline key opens the file without KMS.",
      { cause },
    );
  return new KmsUnavailable(`KMS did not ${action} with ${keyId} (${name})`, "Try again; if it stays, look at the network path to KMS.", {
    cause,
  });
}
