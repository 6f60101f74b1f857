import { HoldfastError } from "@holdfast/core";

/**
 * What may pass by itself, under the one name that the state machine tries again; the error's own comes first in the message, and is what the execution
 * ends with when it did not pass.
 */
export class Passing extends HoldfastError {
  override readonly name = "Passing";
  override readonly fault = "world";
  constructor(of: Error) {
    super(`${of.name}: ${of.message}`, of instanceof HoldfastError ? of.hint : "Trying again usually helps.", { cause: of });
  }
}

/** Runs what a state machine asked for. Throws {@link Passing} for what a server, network or service failed at, and else what was thrown. */
export async function tellingPassing<R>(run: () => Promise<R>): Promise<R> {
  try {
    return await run();
  } catch (error) {
    throw passes(error) ? new Passing(error) : error;
  }
}

function passes(error: unknown): error is Error {
  if (error instanceof HoldfastError) return error.fault === "world";
  return error instanceof Error && "$metadata" in error && (status(error.$metadata) >= 500 || THROTTLED.test(error.name));
}
const status = (metadata: unknown): number => (metadata as { httpStatusCode?: number }).httpStatusCode ?? 0;
/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
const THROTTLED = /throttl|toomanyrequests|limitexceeded|slowdown/i;
