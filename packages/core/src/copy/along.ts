import { lastSaid } from "../copies.ts";
import type { BackupId } from "../layout.ts";
import { loadManifest } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import { bringEvidence, evidenceAbout } from "./bring.ts";
import type { CopyPorts } from "./survey.ts";

/**
 * Brings evidence that came after a copy to where that stands: that it was restored, that a person accepted it, which copies there are. Returns the
 * keys of what was new there; undefined where no copy stands. Throws what {@link loadManifest} and {@link bringEvidence} throw.
 */
export async function bringAlong(at: BackupId, { from, to, trusted }: CopyPorts, context: Context): Promise<string[] | undefined> {
  const { digest } = await loadManifest(at, { store: from.read, list: from.list, trusted }, context.signal);
  const copied = (await evidenceAbout(at, digest, from.list)).flatMap(({ ref }) => (ref.proof === "copied" ? [ref] : []));
  return lastSaid(copied, to.name)?.verdict === "ok" ? await bringEvidence(at, digest, from, to, context) : undefined;
}
