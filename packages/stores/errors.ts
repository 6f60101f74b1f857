import { HoldfastError } from "@holdfast/core";

/** What was to be committed is not the whole upload, or not what the store holds of it. Nothing was committed. */
export class PartsMissing extends HoldfastError {
  override readonly name = "PartsMissing";
  override readonly fault = "world";
  constructor(key: string, held: number, expected: number, options?: ErrorOptions) {
    super(
      `${key}: the parts make ${held} of ${expected} bytes`,
      "List the parts of the upload, send those that are missing, commit again.",
      options,
    );
  }
}
