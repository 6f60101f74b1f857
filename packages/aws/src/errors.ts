import { HoldfastError } from "@holdfast/core";

/** KMS did not sign: out of reach, disabled, or not allowed to this role. */
export class NotSigned extends HoldfastError {
  override readonly name = "NotSigned";
  override readonly fault = "world";
  constructor(keyArn: string, options: ErrorOptions) {
    super(
      `KMS did not sign with ${keyArn} (${sdkName(options.cause)})`,
      "Check that the key is enabled and that this role may kms:Sign with it.",
      options,
    );
  }
}

/** The stable name of an SDK error; its message may quote requests and stays in `cause`. */
export const sdkName = (error: unknown): string => (error instanceof Error ? error.name : "unknown error");
