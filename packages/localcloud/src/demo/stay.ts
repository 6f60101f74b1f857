import { once } from "node:events";
import type { Output } from "@holdfast/cli/src/output.ts";

/** Stays until somebody asks to end. */
export async function stay(out: Output, signal: AbortSignal): Promise<void> {
  out.line();
  out.line("Running until Ctrl-C.");
  // Services do not keep the process alive.
  const awake = setInterval(() => {}, 60_000);
  if (!signal.aborted) await once(signal, "abort");
  clearInterval(awake);
  out.line();
  out.line("Stopping; all that ran here is gone then.");
}
