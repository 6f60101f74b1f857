import { HoldfastError } from "@holdfast/core";

/** The pinned programs are not in `.local/`. */
export class ServiceNotInstalled extends HoldfastError {
  override readonly name = "ServiceNotInstalled";
  override readonly fault = "input";
  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is not installed in this clone`, "Run node scripts/setup.mjs, then try again.", options);
  }
}

/** A service ended by itself or did not become ready in time. */
export class ServiceNotReady extends HoldfastError {
  override readonly name = "ServiceNotReady";
  override readonly fault = "world";
  /** The last lines of the service's log. */
  readonly lastLines: string;
  constructor(service: string, how: string, lastLines: string, options?: ErrorOptions) {
    const said = lastLines === "" ? "It logged nothing." : `The last it logged:\n${lastLines}`;
    super(`${service} ${how}`, said, options);
    this.lastLines = lastLines;
  }
}

/** The service runs, yet would not stop. */
export class ServiceNotStopped extends HoldfastError {
  override readonly name = "ServiceNotStopped";
  override readonly fault = "world";
}
