/**
 * Whose fault an error is, which decides what happens next.
 * - `input`: a person or a plan asked for what cannot be; nothing was done; trying again changes nothing.
 * - `backup`: a stored backup is damaged, incomplete or forged; recorded as evidence.
 * - `world`: a server, network or service failed; trying again may help.
 */
export type Fault = "input" | "backup" | "world";

/**
 * The base of every error that Holdfast throws on purpose. `name` is a literal on each class, because state machines match on it and
 * bundles are minified. `message` is lower case without a full stop; `hint` is a sentence that says what to do next.
 */
export abstract class HoldfastError extends Error {
  abstract override readonly name: string;
  abstract readonly fault: Fault;
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** What a person reads of any error: message, then the hint. Causes stay out, they may quote servers. */
export function told(error: unknown): string {
  if (error instanceof HoldfastError) return `${error.message}. ${error.hint}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
