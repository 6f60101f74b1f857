import type { BackupId } from "./layout.ts";
import { loadManifest, type ManifestPorts, nativeOf } from "./opened.ts";
import type { Kind } from "./ports/kind.ts";

export type SealedBy = { key: string; withoutAws: "yes" | "no" | "unknown" };

/** Which key of somebody else's a backup needs besides ours, by its signed manifest. Undefined: none. Throws what {@link loadManifest} throws. */
export async function sealedBy<Native>(
  at: BackupId,
  kind: Pick<Kind<unknown, Native>, "name" | "native" | "sealedBy">,
  ports: ManifestPorts,
  signal: AbortSignal,
): Promise<SealedBy | undefined> {
  if (!kind.sealedBy) return undefined;
  return kind.sealedBy(nativeOf((await loadManifest(at, ports, signal)).manifest, kind));
}
