import { HoldfastError } from "@holdfast/core";

/** What was to be committed is not the whole upload, or not what the store holds of it. Nothing was committed. */
export class PartsMissing extends HoldfastError {
  override readonly name = "PartsMissing";
  override readonly fault = "world";
  constructor(key: string, what: string, options?: ErrorOptions) {
    super(`${key}: ${what}`, "List the parts of the upload, send those that are missing, commit again.", options);
  }
}
