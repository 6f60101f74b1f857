import type { HoldfastError } from "./errors.ts";
import type { Finding } from "./ports/finding.ts";

/** An error that a check could name: `ServerUnreachable` becomes `server-unreachable`. */
export function asFinding({ name, message, hint }: HoldfastError, severity: Finding["severity"]): Finding {
  return { name: name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase(), severity, message, hint };
}
