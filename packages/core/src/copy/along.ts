import { BackupNotFound } from "../backuperrors.ts";
import { lastSaid } from "../copies.ts";
import type { BackupId } from "../layout.ts";
import { type Loaded, loadManifest } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import { bringEvidence, evidenceAbout } from "./bring.ts";
import { lackingKeys } from "./lack.ts";
import { placeKeys } from "./placerest.ts";
import type { CopyPorts } from "./survey.ts";

/**
 * Brings evidence that came after a copy to where that stands: that it was restored, that a person accepted it, which copies there are; and public
 * keys that are not there. Returns the keys of what was new there; undefined where no copy stands, and where the backup itself stands no more in the
 * first store: there is nowhere to bring from, and evidence about it comes late. Throws what {@link loadManifest} and {@link bringEvidence} throw.
 */
export async function bringAlong(at: BackupId, ports: CopyPorts, context: Context): Promise<string[] | undefined> {
  const { from, to, trusted } = ports;
  const loaded = await loadedFrom(at, ports, context);
  if (!loaded) return undefined;
  const copied = (await evidenceAbout(at, loaded.digest, from.list)).flatMap(({ ref }) => (ref.proof === "copied" ? [ref] : []));
  if (lastSaid(copied, to.name)?.verdict !== "ok") return undefined;
  const keys = await lackingKeys(from.list, to.list, trusted);
  if (keys.length > 0) await placeKeys(ports, context);
  return [...keys, ...(await bringEvidence(at, loaded.digest, from, to, context))];
}

async function loadedFrom(at: BackupId, { from, trusted }: CopyPorts, { signal }: Context): Promise<Loaded | undefined> {
  try {
    return await loadManifest(at, { store: from.read, list: from.list, trusted }, signal);
  } catch (error) {
    if (error instanceof BackupNotFound) return undefined;
    throw error;
  }
}
