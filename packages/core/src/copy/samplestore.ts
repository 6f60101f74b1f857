import type { RetainSource } from "../judge.ts";
import { backupId, type BackupId, evidencePrefix } from "../layout.ts";
import { type Loaded, loadManifest } from "../opened.ts";
import type { Context } from "../ports/context.ts";
import type { Sign } from "../ports/sign.ts";
import type { StoreCreate, StoreList } from "../ports/store.ts";
import { evidenceAbout } from "./bring.ts";
import { CopyDecayed, OriginalDecayed } from "./errors.ts";
import type { SamplePorts } from "./look.ts";
import type { Failed } from "./missing.ts";
import type { Origins } from "./pinned.ts";
import { recordCopied } from "./recordcopied.ts";
import { type Sampled, sampleCopy } from "./sample.ts";

export type SampleStorePorts = Omit<SamplePorts, "primary"> & {
  primary: Origins & { create: StoreCreate };
  sign: Sign;
  /** Asks for a copy again. `key`: evidence that the backup was read. */
  replay(key: string): Promise<void>;
};
export type SampledStore = Pick<Sampled, "counted" | "looked" | "notes"> & { source: string; failed: string[]; replayed: string[] };

/**
 * Looks at one store's copies of a source, records what is no good copy any more as evidence `copied`, failed, which tells people and the status, and
 * asks again for what is missing. What stands there and has other bytes is left to a person. Throws what has fault "world", {@link CopyDecayed} where
 * nobody has a manifest that the evidence could be about, and {@link OriginalDecayed}, about which no copy's evidence says anything.
 */
export async function sampleStore(source: RetainSource, ports: SampleStorePorts, context: Context): Promise<SampledStore> {
  const { failed, missing, counted, looked, notes } = await sampleCopy(source, ports, context);
  for (const one of failed) await recordFailed(one, ports, context);
  const keys = await Promise.all(missing.map((at) => readKey(at, ports.primary.list)));
  for (const key of keys) if (key !== undefined) await ports.replay(key);
  if (looked?.differs) throw new OriginalDecayed(ports.copy.name, looked.key, looked.range);
  return {
    source: source.name,
    failed: failed.map(backupId),
    replayed: missing.map(backupId),
    counted,
    ...(looked ? { looked } : {}),
    notes,
  };
}

async function recordFailed(one: Failed, ports: SampleStorePorts, context: Context): Promise<void> {
  const { primary, copy, sign } = ports;
  const loaded = await manifestOf(one, ports, context);
  const about = await evidenceAbout(one, loaded.digest, primary.list);
  const copied = about.flatMap(({ ref }) => (ref.proof === "copied" ? [ref] : []));
  const told = { verdict: "failed" as const, seconds: 0, findings: [one.finding], details: {} };
  await recordCopied({ ...loaded, copied }, told, { store: copy.name, create: primary.create, sign }, context);
}

/** The first store's own, else that of the copy. */
async function manifestOf(one: Failed, { primary, copy, trusted }: SampleStorePorts, { signal }: Context): Promise<Loaded> {
  for (const { read, list } of [primary, copy])
    try {
      return await loadManifest(one, { store: read, list, trusted }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error && "fault" in error) || error.fault === "world") throw error;
    }
  throw new CopyDecayed(copy.name, backupId(one), `is no good copy (${one.finding.message}), and the first store has it no more`);
}

async function readKey({ source, slot }: BackupId, list: StoreList): Promise<string | undefined> {
  for await (const { key } of list.list(`${evidencePrefix("readable", source)}${slot}/`)) return key;
  return undefined;
}
