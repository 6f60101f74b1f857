import type { BackupId } from "../layout.ts";
import type { Context } from "../ports/context.ts";
import { type CopyOutcome, closeCopy, copyStep, endsCopy, failCopy } from "./copy.ts";
import { abandonFanOut, beginFanOut, type FanOut, finishFanOut, type PartRange, type Relayed } from "./fanout.ts";
import { planCopy, type Sourced } from "./plancopy.ts";
import { relay } from "./relay.ts";
import { type CopyPorts, limitsOf, loadReadable, standingAt, surveyArtifacts } from "./survey.ts";

/**
 * What a state machine asks for, in this order, where no single runner copies a backup in its time. JSON, as the answers are. `started`: when the
 * copy began. `tries`: which try at it this is, for {@link copyPace}. plan: which artifacts · begin: sends what one runner can, else shares it out ·
 * relay: one worker's range · finish: makes the object · abandon: leaves no upload open · close: all that follows the artifacts.
 */
export type CopyAsk = BackupId & { started: string; tries?: number } & (
    | { verb: "plan" }
    | { verb: "begin"; artifact: Sourced }
    | { verb: "relay"; job: FanOut; range: PartRange }
    | { verb: "finish"; job: FanOut; relayed: Relayed[] }
    | { verb: "abandon"; job: FanOut }
    | { verb: "close"; proofs: CopyProof[] }
  );
/** What proves one artifact at the destination. */
export type CopyProof = { key: string; proof: string };
export type CopyAnswer = { artifacts: Sourced[] } | { job: FanOut } | CopyProof | Relayed | CopyOutcome | undefined;

/**
 * Errors by which a copy ends for good, which is recorded by whoever meets them: nothing asks for it again until a look at the store finds that it
 * may go well. All have fault "backup", but for two of what is too large, which no retry makes smaller.
 */
export const copyEnders = [
  "ArtifactMissing",
  "ArtifactTruncated",
  "CopyCorrupted",
  "CopyDiffers",
  "DigestMismatch",
  "PartTooLarge",
  "SourceGone",
  "TooLargeForStore",
] as const;

/** Errors by which nothing could be begun, and which no retry helps. */
export const copyRefusals = ["BackupForged", "BackupNotFound", "BackupUnverified", "ManifestInvalid"] as const;

/** Errors after which an artifact is begun anew: the upload is gone, or what became of it cannot be told. */
export const copyRenewers = ["CopyIncomplete", "CopyUnproven", "PartCorrupted", "UploadGone"] as const;

/** One step of a copy that several runners share. Whatever ends it for good is recorded, and thrown for whoever asked. */
export async function shareCopy(ask: CopyAsk, ports: CopyPorts, context: Context): Promise<CopyAnswer> {
  switch (ask.verb) {
    case "plan":
      return await plan(ask, ports, context);
    case "begin":
      return await recording(ask, ports, context, () => begin(ask, ask.artifact, ports, context));
    case "relay":
      return await recording(ask, ports, context, () => relay(ask.job, ask.range, ports.from, ports.to, context));
    case "finish":
      return await recording(ask, ports, context, async () => ({
        key: ask.job.source.key,
        proof: await finishFanOut(ask.job, ask.relayed, ports.to, context),
      }));
    case "abandon":
      await abandonFanOut(ask.job, ports.to);
      return undefined;
    case "close":
      return await closeCopy({ ...ask, proofs: Object.fromEntries(ask.proofs.map(({ key, proof }) => [key, proof])) }, ports, context);
  }
}

/** None, where another copied it meanwhile. */
async function plan(ask: CopyAsk, ports: CopyPorts, context: Context): Promise<{ artifacts: Sourced[] }> {
  const loaded = await loadReadable(ask, ports, context.signal);
  if (loaded.known === "ok") return { artifacts: [] };
  const { steps } = await recording(ask, ports, context, () => surveyArtifacts(loaded, ports));
  return { artifacts: steps.map(({ source, signed }) => ({ source, signed })) };
}

/** Planned anew, since this is also what follows where an upload is gone, or the store tells nothing of what became of it. */
async function begin(at: BackupId, artifact: Sourced, ports: CopyPorts, context: Context): Promise<{ job: FanOut } | CopyProof> {
  const { to } = ports;
  const [step] = planCopy(to.name, [artifact], await standingAt(to, [artifact], at), limitsOf(to)).steps;
  if (step?.do === "fan out") return { job: await beginFanOut(step, to, to.range) };
  if (!step) throw new TypeError("an artifact has one step");
  return { key: artifact.source.key, proof: await copyStep(step, ports, context) };
}

async function recording<T>(at: BackupId & { started: string }, ports: CopyPorts, context: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (endsCopy(error, context)) await failCopy(at, error, ports, context);
    throw error;
  }
}
