import { HoldfastError } from "../errors.ts";
import { type BackupId, backupId } from "../layout.ts";
import type { Context } from "../ports/context.ts";
import type { Finding } from "../ports/finding.ts";
import { PartTooLarge, TooLargeForStore } from "./errors.ts";
import { placeRest } from "./placerest.ts";
import type { CopyPlan, CopyStep } from "./plancopy.ts";
import { proveStored } from "./prove.ts";
import { recordCopied } from "./recordcopied.ts";
import { streamArtifact } from "./stream.ts";
import { type CopyPorts, loadReadable, type Readable, surveyArtifacts } from "./survey.ts";

/** What proves each artifact at the destination, by its key. JSON. */
export type Proofs = Readonly<Record<string, string>>;
export type CopyOutcome = { id: string; store: string } & (
  | { state: "copied"; bytes: number; seconds: number; proof: string }
  /** Evidence says how it ended; nothing was done. */
  | { state: "known"; verdict: "ok" | "failed" }
  /** No single runner does it in its time. Nothing was sent: whoever shares the steps out calls {@link closeCopy} in the end. */
  | { state: "large"; started: string; manifest: string; plan: CopyPlan }
  /** It cannot be copied, which was recorded. */
  | { state: "failed"; findings: Finding[] }
);

/**
 * Copies one backup that was read, whole or not at all: artifacts, then the public keys, its signature, the evidence about it, and the manifest
 * last. What stands there already and is the same is taken as done; nothing there is ever changed. Two at once for one copy end well, and an event
 * that comes again finds the evidence. Records evidence `copied` (run: the store's name, see {@link recordCopied}) in the store that it copies from.
 * `hint`: only an event asks for it, which may come late: what evidence says has failed is left at that.
 *
 * What has fault "backup" ({@link CopyDiffers}, {@link CopyCorrupted}, {@link SourceGone}, {@link DigestMismatch}, missing artifacts), and
 * {@link TooLargeForStore} or {@link PartTooLarge}, is recorded as failed. Throws what has fault "world" (try again: what was sent is found there),
 * {@link BackupUnverified}, and a manifest that nobody can believe.
 */
export async function copy(at: BackupId & { hint?: boolean }, ports: CopyPorts, context: Context): Promise<CopyOutcome> {
  const loaded = await loadReadable(at, ports, context.signal);
  if (loaded.known === "ok" || (loaded.known && at.hint)) return { ...named(at, ports), state: "known", verdict: loaded.known };
  const started = context.now();
  return failing(loaded, started, ports, context, async () => {
    const plan = await surveyArtifacts(loaded, ports);
    if (!plan.here) return { ...named(at, ports), state: "large", started: started.toISOString(), manifest: loaded.digest, plan };
    const proofs: Record<string, string> = {};
    for (const step of plan.steps) proofs[step.source.key] = await copyStep(step, ports, context);
    return await close(loaded, proofs, started, ports, context);
  });
}

/** Carries out one step of a plan that one runner can do. Returns what proves it. */
export async function copyStep(step: CopyStep, { from, to }: CopyPorts, context: Context): Promise<string> {
  context.signal.throwIfAborted();
  switch (step.do) {
    case "nothing":
      return step.proof;
    case "stream":
      return streamArtifact(step, from, to, context);
    case "read back": {
      const found = await to.read.head({ key: step.source.key });
      return found ? proveStored(found, step.signed, "found", to, context) : streamArtifact(step, from, to, context);
    }
    case "refuse":
      throw step.error;
    case "fan out":
      throw new TypeError(`${step.source.key} is for several workers`);
  }
}

/**
 * The end of a copy whose artifacts were sent by others. Of `proofs` only that is believed which the destination cannot tell: the manifest is
 * loaded anew, and each artifact's sums there are compared with it. Throws and records as {@link copy} does.
 */
export async function closeCopy(
  at: BackupId & { started: string; proofs: Proofs },
  ports: CopyPorts,
  context: Context,
): Promise<CopyOutcome> {
  const loaded = await loadReadable(at, ports, context.signal);
  if (loaded.known === "ok") return { ...named(at, ports), state: "known", verdict: "ok" };
  const started = new Date(at.started);
  return failing(loaded, started, ports, context, () => close(loaded, at.proofs, started, ports, context));
}

/** Records that a copy failed for good, for whoever shares steps out and caught one that did. */
export async function failCopy(
  at: BackupId & { started: string },
  error: { name: string; message: string; hint: string },
  ports: CopyPorts,
  context: Context,
): Promise<CopyOutcome> {
  const loaded = await loadReadable(at, ports, context.signal);
  if (loaded.known === "ok") return { ...named(at, ports), state: "known", verdict: "ok" };
  return await recordFailure(loaded, error, new Date(at.started), ports, context);
}

/** What no retry helps. What was cut off looks broken to whoever read it, and is not. */
export const endsCopy = (error: unknown, { signal }: Context): error is HoldfastError =>
  error instanceof HoldfastError && (error.fault === "backup" || isTooLarge(error)) && !signal.aborted;
const isTooLarge = (error: HoldfastError) => error instanceof TooLargeForStore || error instanceof PartTooLarge;

const named = (at: BackupId, { to }: CopyPorts) => ({ id: backupId(at), store: to.name });

async function failing(
  loaded: Readable,
  started: Date,
  ports: CopyPorts,
  context: Context,
  work: () => Promise<CopyOutcome>,
): Promise<CopyOutcome> {
  try {
    return await work();
  } catch (error) {
    if (!endsCopy(error, context)) throw error;
    return await recordFailure(loaded, error, started, ports, context);
  }
}

async function close(loaded: Readable, proofs: Proofs, started: Date, ports: CopyPorts, context: Context): Promise<CopyOutcome> {
  const proven = await placeRest(loaded, proofs, ports, context);
  const bytes = loaded.manifest.artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  const proof = [...new Set(Object.values(proven))].sort().join("; ") || "no artifacts";
  const seconds = secondsSince(started, context);
  const details = { artifacts: loaded.manifest.artifacts.length, bytes, seconds, proof };
  await recordCopied(saidOf(loaded), { verdict: "ok", seconds, findings: [], details }, whereOf(ports), context);
  return { ...named(loaded.manifest, ports), state: "copied", bytes, seconds, proof };
}

async function recordFailure(
  loaded: Readable,
  { name, message, hint }: { name: string; message: string; hint: string },
  started: Date,
  ports: CopyPorts,
  context: Context,
): Promise<CopyOutcome> {
  const findings: Finding[] = [{ name, severity: "refuse", message, hint }];
  const seconds = secondsSince(started, context);
  await recordCopied(saidOf(loaded), { verdict: "failed", seconds, findings, details: {} }, whereOf(ports), context);
  return { ...named(loaded.manifest, ports), state: "failed", findings };
}

const secondsSince = (started: Date, context: Context) => (context.now().getTime() - started.getTime()) / 1000;
const saidOf = ({ entry, ...loaded }: Readable) => ({ ...loaded, copied: entry.evidence.copied ?? [] });
const whereOf = ({ from, to, sign }: CopyPorts) => ({ store: to.name, create: from.create, sign });
