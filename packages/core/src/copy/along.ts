import type { BackupId } from "../layout.ts";
import type { Context } from "../ports/context.ts";
import { bringEvidence } from "./bring.ts";
import { type CopyPorts, loadReadable } from "./survey.ts";

/**
 * Brings evidence that came after a copy to where that stands: that it was restored, that a person accepted it, which copies there are. Returns the
 * keys of what was new there; undefined where no copy stands. Throws what {@link loadReadable} and {@link bringEvidence} throw.
 */
export async function bringAlong(at: BackupId, ports: CopyPorts, context: Context): Promise<string[] | undefined> {
  const { known, digest } = await loadReadable(at, ports, context.signal);
  return known === "ok" ? await bringEvidence(at, digest, ports.from, ports.to, context) : undefined;
}
