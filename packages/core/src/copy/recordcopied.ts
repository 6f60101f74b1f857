import { runFor } from "../copies.ts";
import type { Evidence } from "../evidence.ts";
import type { EvidenceRef } from "../layout.ts";
import type { Loaded } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import type { Sign } from "../ports/sign.ts";
import type { StoreCreate } from "../ports/store.ts";
import { record, unhurried } from "../record.ts";
import { version } from "../version.ts";

/** Evidence `copied` about one store, after what was said of it before (`copied`), in the store that copies come from. */
export async function recordCopied(
  { manifest, digest, copied }: Pick<Loaded, "manifest" | "digest"> & { copied: readonly EvidenceRef[] },
  told: Pick<Evidence, "verdict" | "seconds" | "findings" | "details">,
  { store, create, sign }: { store: string; create: StoreCreate; sign: Sign },
  context: Context,
): Promise<string> {
  const evidence: Evidence = {
    format: "holdfast-evidence/1",
    proof: "copied",
    source: manifest.source,
    slot: manifest.slot,
    manifest: digest,
    run: runFor(copied, store, told.verdict),
    at: context.now().toISOString(),
    holdfast: version,
    ...told,
    details: { store, ...told.details },
  };
  return await record(evidence, { create, sign }, { now: () => context.now(), signal: unhurried, progress: () => {} });
}
